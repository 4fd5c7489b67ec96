import type { TransferListItem } from 'node:worker_threads';
import type { ErrorRecord } from '../contract/actor-error.ts';

/** Kinds of frame on a link. Numbers, because they are cloned for every message. */
export const FRAME = {
  ask: 0,
  reply: 1,
  fail: 2,
  cancel: 3,
  tells: 4,
  credit: 5,
  open: 6,
  items: 7,
  itemCredit: 8,
  end: 9,
} as const;

/** A frame that carries a run: bodies of one message, or items of one stream, that were posted in a row. */
export type RunFrame =
  | readonly [typeof FRAME.tells, message: number, bodies: readonly unknown[]]
  | readonly [typeof FRAME.items, id: number, items: readonly unknown[]];

/**
 * One frame: kind, call id, message place in the contract's order, body, and the milliseconds left of a
 * deadline. A tuple clones in two thirds of the time of an object with the same members.
 */
export type Frame =
  | readonly [typeof FRAME.ask, id: number, message: number, request: unknown, remainingMs: number]
  | readonly [typeof FRAME.reply, id: number, reply: unknown]
  | readonly [typeof FRAME.fail, id: number, error: ErrorRecord]
  | readonly [typeof FRAME.cancel, id: number]
  | readonly [typeof FRAME.credit, amount: number]
  | readonly [typeof FRAME.open, id: number, message: number, request: unknown, remainingMs: number]
  | readonly [typeof FRAME.itemCredit, id: number, amount: number]
  | readonly [typeof FRAME.end, id: number, error: ErrorRecord | null]
  | RunFrame;

/** A two-way path for frames, first in first out. */
export interface Link {
  post(frame: Frame, transfer?: readonly TransferListItem[]): void;
  /** Posts one body of a run: it joins the frame before it where that is of the same kind and key. */
  append(kind: RunFrame[0], key: number, body: unknown, transfer?: readonly TransferListItem[]): void;
  onFrames(receive: (frames: readonly Frame[]) => void): void;
  /** Calls back once when the path is gone, by either side. */
  onClose(closed: () => void): void;
  /** Hands out at once what has arrived but was not delivered yet. */
  drain?(): void;
  /** Sends what is still batched. */
  flush(): void;
  close(): void;
}

/** What a link needs of a MessagePort; in the virtual world, a port of that world. */
export interface FramePort {
  postMessage(frames: unknown, transfer?: readonly TransferListItem[]): void;
  on(event: 'message', receive: (frames: readonly Frame[]) => void): unknown;
  on(event: 'close', closed: () => void): unknown;
  unref(): void;
  close(): void;
}
