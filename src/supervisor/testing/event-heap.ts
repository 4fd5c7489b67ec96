/** Something that will happen: at its time, among those of one time by rank, then in order of making. */
export interface WorldEvent {
  readonly at: number;
  readonly rank: number;
  readonly order: number;
  /** Replaced when the event is cancelled, so that what it would have touched is free at once. */
  run: () => void;
}

/** A binary heap of events, earliest first. Cancelled ones stay until their turn and are passed over. */
export class EventHeap {
  readonly #heap: WorldEvent[] = [];

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

  peek(): WorldEvent | undefined {
    return this.#heap[0];
  }

  pop(): WorldEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
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

function before(a: WorldEvent, b: WorldEvent): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.rank === b.rank ? a.order < b.order : a.rank < b.rank;
}
