import type { Call } from './actor.ts';
import type { Messages } from './contract.ts';
import type { Ref } from './ref.ts';

/** The slab of a tree: so many slots, each `slotBytes` long (default 256 KiB). */
export interface SlabSpec {
  readonly slots: number;
  readonly slotBytes?: number;
}

/** One ownership of one slot: plain data that crosses in any message. Each change of owner makes older ones stale. */
export interface SlotHandle {
  readonly slot: number;
  readonly epoch: number;
}

/** What a slot is handed over along: a ref, or the call that is being answered. */
export type SlotPath = Pick<Ref<Messages>, 'onDown'> | Call;

/**
 * Slots of memory that all actors of a tree share, for bytes that cross threads without a copy. A slot has one owner,
 * the life that claimed or adopted it; it is free again when released, or when the owner's thread has ended.
 */
export interface Slab {
  /** Bytes of a slot. */
  readonly slotBytes: number;
  /** A free slot, with whatever bytes were in it last; null when there is none, which the supervisor counts. */
  claim(): SlotHandle | null;
  /** The memory of a slot of ours; null for a stale handle. A view must not be used after the slot was given away. */
  bytes(handle: SlotHandle): Uint8Array<SharedArrayBuffer> | null;
  /**
   * The handle to send along the same path, in any message. Null, and the slot stays as it was: the handle is stale, or
   * no actor is at the other end. Until it is adopted the slot belongs to the path: it is free again when either end
   * dies or the path breaks. When the message was refused or its call failed, `adopt` takes the slot back.
   */
  handOver(handle: SlotHandle, along: SlotPath): SlotHandle | null;
  /** Owns a slot that was handed over to us, or by us; of the two ends the first gets it. Null for a stale handle. */
  adopt(handle: SlotHandle): SlotHandle | null;
  /** Frees a slot of ours; false for a stale handle. */
  release(handle: SlotHandle): boolean;
}

/** How full the slab is. */
export interface SlabStatus {
  readonly slots: number;
  readonly free: number;
  /** Handed over and not yet adopted. */
  readonly underWay: number;
  /** Claims that found no slot, since the tree was made. */
  readonly full: number;
}
