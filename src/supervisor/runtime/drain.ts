/**
 * Counts calls that run and lets one wait until there are none. Streams do not count: they may be endless, and
 * the stop cancels them.
 */
export class Drain {
  #running = 0;
  #waiting: (() => void)[] = [];

  count(change: number): void {
    this.#running += change;
    if (this.#running > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  empty(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
