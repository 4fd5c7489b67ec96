import type { Slab, SlotHandle, SlotPath } from '../contract/slab.ts';
import { type SlabMemory, SlotTable } from './slot-table.ts';

/** A slab and the number of the life it is given to; 0: a life that may own nothing. */
export interface SlabShare extends SlabMemory {
  readonly life: number;
}

/** A call that is being answered: the link it came by, its number there, and why its caller no longer wants it. */
interface AnsweredCall {
  readonly path: object;
  readonly id: number;
  readonly reason: Error | null;
}

/** One link of this life: the life at the other end, and what went to it, by slot; 0 is the call of what answers none. */
interface Path {
  readonly to: number;
  readonly sent: Map<number, { readonly handle: SlotHandle; readonly call: number }>;
}

/** The slab as one life has it. */
export class LifeSlab implements Slab {
  readonly slotBytes: number;
  readonly #table: SlotTable;
  readonly #life: number;
  /** By the ref, or the server, that has the link. */
  readonly #paths = new Map<object, Path>();
  #next = 0;

  constructor(share: SlabShare) {
    this.#table = new SlotTable(share);
    this.slotBytes = share.slotBytes;
    this.#life = share.life;
  }

  claim(): SlotHandle | null {
    const { slots } = this.#table;
    for (let tried = 0; this.#life > 0 && tried < slots; tried++) {
      const slot = this.#next;
      this.#next = (slot + 1) % slots;
      const state = this.#table.read(slot)!;
      const claimed = state.owner === 0 ? this.#table.change(slot, state, this.#life) : null;
      if (claimed) return claimed;
    }
    this.#table.countFull();
    return null;
  }

  bytes(handle: SlotHandle): Uint8Array<SharedArrayBuffer> | null {
    return this.#owned(handle) && this.#table.bytes(handle.slot);
  }

  handOver(handle: SlotHandle, along: SlotPath): SlotHandle | null {
    const call = 'path' in along ? (along as unknown as AnsweredCall) : null;
    const path = this.#paths.get(call?.path ?? along);
    const state = this.#owned(handle);
    if (!path || path.to === 0 || call?.reason || !state) return null;
    const sent = this.#table.change(handle.slot, state, this.#life, path.to);
    if (sent) path.sent.set(sent.slot, { handle: sent, call: call?.id ?? 0 });
    return sent;
  }

  adopt(handle: SlotHandle): SlotHandle | null {
    const state = this.#current(handle);
    if (!state || state.to === 0 || (state.to !== this.#life && state.owner !== this.#life)) return null;
    return this.#table.change(handle.slot, state, this.#life);
  }

  release(handle: SlotHandle): boolean {
    const state = this.#owned(handle);
    return state !== null && this.#table.change(handle.slot, state, 0) !== null;
  }

  /** A link leads from here to that life. */
  opened(path: object, to: number): void {
    this.#paths.set(path, { to, sent: new Map() });
  }

  /** The link is gone, and what was sent along it comes no more: slots that nobody adopted are free again. */
  closed(path: object): void {
    for (const { handle } of this.#paths.get(path)?.sent.values() ?? []) this.#recall(handle);
    this.#paths.delete(path);
  }

  /** The caller looks at no answer of this call, also at none that has left: its slots are free again. */
  gaveUp(path: object, id: number): void {
    for (const { handle, call } of this.#paths.get(path)?.sent.values() ?? [])
      if (call === id) this.#recall(handle);
  }

  #recall(handle: SlotHandle): void {
    const state = this.#current(handle);
    if (state) this.#table.change(handle.slot, state, 0);
  }

  #current(handle: SlotHandle) {
    const state = this.#table.read(handle.slot);
    return state?.epoch === handle.epoch ? state : null;
  }

  #owned(handle: SlotHandle) {
    const state = this.#current(handle);
    return state?.owner === this.#life && state.to === 0 && this.#life > 0 ? state : null;
  }
}
