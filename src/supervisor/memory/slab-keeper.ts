import type { SlabSpec, SlabStatus } from '../contract/slab.ts';
import type { SlabShare } from './life-slab.ts';
import { MAX_LIVES, type SlabMemory, SlotTable, slabMemory } from './slot-table.ts';

const SLOT_BYTES = 256 * 1024;

/** The supervisor's side of the slab: numbers the lives, and takes back what they owned when they have ended. */
export class SlabKeeper {
  readonly #memory: SlabMemory;
  readonly #table: SlotTable;
  readonly #lives = new Set<number>();
  #last = 0;

  constructor({ slots, slotBytes = SLOT_BYTES }: SlabSpec = { slots: 0 }) {
    this.#memory = slabMemory(slots, slotBytes);
    this.#table = new SlotTable(this.#memory);
  }

  /** The share of a life that begins. Beyond 4,095 at one time, one that may own nothing. */
  begin(): SlabShare {
    if (this.#lives.size >= MAX_LIVES) return { ...this.#memory, life: 0 };
    do this.#last = (this.#last % MAX_LIVES) + 1;
    while (this.#lives.has(this.#last));
    this.#lives.add(this.#last);
    return { ...this.#memory, life: this.#last };
  }

  /** To be called when the thread of the life has ended: before that it may still write. */
  end({ life }: SlabShare): void {
    if (life === 0) return;
    for (let slot = 0; slot < this.#table.slots; slot++) this.#reclaim(slot, life);
    this.#lives.delete(life);
  }

  status(): SlabStatus {
    const { slots, full } = this.#table;
    const states = Array.from({ length: slots }, (_, slot) => this.#table.read(slot)!);
    const free = states.filter(({ owner }) => owner === 0).length;
    return { slots, free, underWay: states.filter(({ to }) => to !== 0).length, full };
  }

  /** Others go on meanwhile: a receiver may adopt what this life had sent, and then it is that one's. */
  #reclaim(slot: number, life: number): void {
    for (;;) {
      const state = this.#table.read(slot)!;
      if (state.owner !== life && state.to !== life) return;
      if (this.#table.change(slot, state, 0)) return;
    }
  }
}
