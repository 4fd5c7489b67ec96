import type { SlotHandle } from '../contract/slab.ts';

/** A slab as it crosses to a thread. */
export interface SlabMemory {
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
  readonly slotBytes: number;
}

/** Whose a slot is: a life by its number, nobody (0), or under way from `owner` to `to`. */
export interface SlotState {
  readonly epoch: number;
  readonly owner: number;
  readonly to: number;
}

/** Lives of one tree that may share a slab at one time. */
export const MAX_LIVES = 4_095;
const LIFE_BITS = 12n;
const LIFE_MASK = 0xfffn;
/** The other 40 bits count owners: a handle would have to lie about for 10^12 of them to meet its own number again. */
const EPOCHS = 2 ** 40;
const WORD = BigUint64Array.BYTES_PER_ELEMENT;
const PAGE = 4_096;

/** Words before the slots: first the count of claims in vain, then one a slot. Slots begin on a page. */
const headerBytes = (slots: number): number => Math.ceil(((1 + slots) * WORD) / PAGE) * PAGE;

export function slabMemory(slots: number, slotBytes: number): SlabMemory {
  return { memory: new SharedArrayBuffer(headerBytes(slots) + slots * slotBytes), slots, slotBytes };
}

/** The words of a slab. All of a slot's state is one word, so every change is one compare-and-swap, whoever makes it. */
export class SlotTable {
  readonly slots: number;
  readonly slotBytes: number;
  readonly #memory: SharedArrayBuffer;
  readonly #words: BigUint64Array<SharedArrayBuffer>;

  constructor({ memory, slots, slotBytes }: SlabMemory) {
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.#memory = memory;
    this.#words = new BigUint64Array(memory, 0, 1 + slots);
  }

  /** Null where there is no such slot. */
  read(slot: number): SlotState | null {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) return null;
    const word = Atomics.load(this.#words, 1 + slot);
    return {
      epoch: Number(word >> (2n * LIFE_BITS)),
      owner: Number((word >> LIFE_BITS) & LIFE_MASK),
      to: Number(word & LIFE_MASK),
    };
  }

  /** A new ownership, with a new epoch; null when the slot was no longer in this state. */
  change(slot: number, from: SlotState, owner: number, to = 0): SlotHandle | null {
    const epoch = (from.epoch + 1) % EPOCHS;
    const [old, next] = [wordOf(from), wordOf({ epoch, owner, to })];
    return Atomics.compareExchange(this.#words, 1 + slot, old, next) === old ? { slot, epoch } : null;
  }

  bytes(slot: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.#memory, headerBytes(this.slots) + slot * this.slotBytes, this.slotBytes);
  }

  countFull(): void {
    Atomics.add(this.#words, 0, 1n);
  }

  get full(): number {
    return Number(Atomics.load(this.#words, 0));
  }
}

const wordOf = ({ epoch, owner, to }: SlotState): bigint =>
  (BigInt(epoch) << (2n * LIFE_BITS)) | (BigInt(owner) << LIFE_BITS) | BigInt(to);
