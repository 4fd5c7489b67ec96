import type { TransferListItem } from 'node:worker_threads';
import type { ErrorRecord } from '../contract/actor-error.ts';

/** Kinds of frame on a link. Numbers, because they are cloned for every message. */
export const FRAME = {
  ask: 0,
  reply: 1,
  fail: 2,
  cancel: 3,
  tell: 4,
  credit: 5,
  open: 6,
  item: 7,
  itemCredit: 8,
  end: 9,
} as const;

/**
 * One frame: kind, call id, message place in the contract's order, body, and the milliseconds left of a
 * deadline. A tuple clones in two thirds of the time of an object with the same members.
 */
export type Frame =
  | readonly [typeof FRAME.ask, id: number, message: number, request: unknown, remainingMs: number]
  | readonly [typeof FRAME.reply, id: number, reply: unknown]
  | readonly [typeof FRAME.fail, id: number, error: ErrorRecord]
  | readonly [typeof FRAME.cancel, id: number]
  | readonly [typeof FRAME.tell, message: number, body: unknown]
  | readonly [typeof FRAME.credit, amount: number]
  | readonly [typeof FRAME.open, id: number, message: number, request: unknown, remainingMs: number]
  | readonly [typeof FRAME.item, id: number, item: unknown]
  | readonly [typeof FRAME.itemCredit, id: number, amount: number]
  | readonly [typeof FRAME.end, id: number, error: ErrorRecord | null];

/** A two-way path for frames, first in first out. */
export interface Link {
  post(frame: Frame, transfer?: readonly TransferListItem[]): void;
  onFrames(receive: (frames: readonly Frame[]) => void): void;
  /** Sends what is still batched. */
  flush(): void;
  close(): void;
}
