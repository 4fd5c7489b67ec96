/** Parts of the keyspace that are announced one after the other, each by the first octet of its keys. */
export const BUCKETS = 256;
/** Of the life of a record, after which it is given again. */
const AGAIN_AFTER = 5 / 6;
/** Neighbours in time are so many parts of the keyspace away from each other: no nodes get everything at once. */
const ARCS = 16;

/** What is kept of a cycle over a restart. */
export interface CycleMark {
  /** Milliseconds of one slot: a mark of another length of life says nothing. */
  readonly slotMs: number;
  /** Slots, counted from 1970, that are done up to here. */
  readonly done: number;
}

/**
 * When each part of the keyspace is announced: a hand that goes round once in five sixths of a record's life, by the
 * clock on the wall. One number says how far it was, so that a node which was away goes on there: what became due
 * meanwhile is behind the hand, everything else keeps its time. Pure; times are milliseconds since 1970.
 */
export class Cycle {
  readonly slotMs: number;
  /** The next slot to begin. */
  #next: number;
  readonly #underWay = new Set<number>();

  constructor(lifeMs: number, mark: CycleMark | null, wall: number) {
    this.slotMs = Math.max(1, Math.floor((lifeMs * AGAIN_AFTER) / BUCKETS));
    const now = this.#slotAt(wall);
    // A mark of the future was made by a clock that was wrong.
    const usable = mark !== null && mark.slotMs === this.slotMs && mark.done <= now + 1;
    this.#next = usable ? Math.max(mark.done, now - BUCKETS + 1) : now - BUCKETS + 1;
  }

  /** From one announcement of a record to the next. */
  get periodMs(): number {
    return this.slotMs * BUCKETS;
  }

  get mark(): CycleMark {
    return { slotMs: this.slotMs, done: Math.min(this.#next, ...this.#underWay) };
  }

  /** Slots that are due and not begun: one or two for a node that keeps up, 256 at most. */
  behind(wall: number): number {
    return Math.max(0, Math.min(BUCKETS, this.#slotAt(wall) - this.#next + 1));
  }

  /** The next slot that is due, which is begun by this call; null: none is. */
  begin(wall: number): number | null {
    const now = this.#slotAt(wall);
    // The clock was set back: from here on it counts.
    if (this.#next > now + BUCKETS) this.#next = now;
    if (this.#next > now) return null;
    // More than a round behind: the same parts come again anyway.
    const slot = Math.max(this.#next, now - BUCKETS + 1);
    this.#next = slot + 1;
    this.#underWay.add(slot);
    return slot;
  }

  /** There is nothing to tell: nothing that is due now stays so. */
  skip(wall: number): void {
    this.#next = this.#slotAt(wall) + 1;
  }

  finish(slot: number): void {
    this.#underWay.delete(slot);
  }

  /** Milliseconds since 1970 when a slot becomes due. */
  dueAt(slot: number): number {
    return slot * this.slotMs;
  }

  /** When the next slot that is not begun is due. */
  get nextAt(): number {
    return this.dueAt(this.#next);
  }

  #slotAt(wall: number): number {
    return Math.floor(wall / this.slotMs);
  }
}

/** The part of the keyspace that is announced in a slot. */
export function bucketOf(slot: number): number {
  const turn = ((slot % BUCKETS) + BUCKETS) % BUCKETS;
  return (turn % ARCS) * (BUCKETS / ARCS) + Math.floor(turn / ARCS);
}
