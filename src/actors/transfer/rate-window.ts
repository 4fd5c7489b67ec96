/** The rate is that of the last seconds. */
const WINDOW_MS = 5_000;

/** How fast a count rises; pure, the caller brings the time. */
export class RateWindow {
  readonly #samples: { at: number; count: number }[] = [];

  /** A second, over the last five. What falls again was never there: 0. */
  at(now: number, count: number): number {
    this.#samples.push({ at: now, count });
    while (this.#samples.length > 2 && now - this.#samples[1]!.at >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const ms = now - first.at;
    return ms > 0 ? Math.max(0, ((count - first.count) / ms) * 1000) : 0;
  }
}
