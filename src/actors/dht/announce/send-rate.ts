const SLICE_MS = 60_000;
const SLICES = 10;

/** How fast a count rose over the last ten minutes. Pure; looked at when somebody asks. */
export class SendRate {
  /** The count at the end of each minute, newest last. */
  readonly #marks: { at: number; count: number }[];

  constructor(now: number) {
    this.#marks = [{ at: now, count: 0 }];
  }

  /** To be called now and then. */
  note(count: number, now: number): void {
    if (now - this.#marks.at(-1)!.at < SLICE_MS) return;
    this.#marks.push({ at: now, count });
    if (this.#marks.length > SLICES + 1) this.#marks.shift();
  }

  perSecond(count: number, now: number): number {
    const since = this.#marks.find(({ at }) => now - at <= SLICES * SLICE_MS) ?? this.#marks.at(-1)!;
    return (count - since.count) / Math.max(1, (now - since.at) / 1000);
  }
}
