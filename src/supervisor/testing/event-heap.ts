/** Something that will happen: at its time, among those of one time by rank, then in order of making. */
export interface WorldEvent {
  readonly at: number;
  readonly rank: number;
  readonly order: number;
  /** Replaced when the event is cancelled, so that what it would have touched is free at once. */
  run: () => void;
}

/** Cancelled events are thrown out once there are more of them than of others, and so many at least. */
const MANY_CANCELLED = 1_024;

/**
 * A binary heap of events, earliest first. A cancelled one is passed over when its turn comes, or thrown out before with
 * others: most timers are deadlines of what was answered long before, and would be nearly all of the heap.
 */
export class EventHeap {
  #heap: WorldEvent[] = [];
  #cancelled = 0;

  /** Events, those that were cancelled and are still there among them. */
  get size(): number {
    return this.#heap.length;
  }

  push(event: WorldEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** The event is in the heap and will do nothing. */
  cancel(event: WorldEvent): void {
    event.run = nothing;
    this.#cancelled++;
    if (this.#cancelled < MANY_CANCELLED || 2 * this.#cancelled < this.#heap.length) return;
    // Sorted, it is a heap.
    this.#heap = this.#heap.filter(({ run }) => run !== nothing).sort((a, b) => (before(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  peek(): WorldEvent | undefined {
    return this.#heap[0];
  }

  pop(): WorldEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first?.run === nothing) this.#cancelled--;
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** What a cancelled event does, and one that has run. */
export const nothing = (): void => {};

function before(a: WorldEvent, b: WorldEvent): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.rank === b.rank ? a.order < b.order : a.rank < b.rank;
}
