/** How long a disk is left to the thread pool after its first slow call, and after many. */
const FIRST_MS = 10;
const MOST_MS = 1_000;
/** Calls behind a slow one, of which another slow one means a slow disk. */
const DOUBTED = 2;

/**
 * Whether a file is read or written in place or on libuv's pool. Two calls of three that take longer than one from
 * memory to memory send the next ones to the pool; then one is tried in place, and while those that are tried stay slow the time
 * doubles. One slow call alone means nothing: this thread may just not have had the processor. (Nine busy processes on two
 * cores: by estimate each twentieth read and each eighth write, of a file in memory.)
 */
export class DiskPace {
  readonly #slowMs: number;
  /** For so many calls more a slow one is not alone. */
  #doubt = 0;
  #poolMs = 0;
  #poolUntil = 0;

  constructor(slowMs: number) {
    this.#slowMs = slowMs;
  }

  usePool(now: number): boolean {
    return now < this.#poolUntil;
  }

  /** Makes a call in place, timed by `now`. One that throws says nothing of the disk. */
  inPlace<T>(now: () => number, call: () => T): T {
    const start = now();
    const result = call();
    this.took(start, now());
    return result;
  }

  /** A call in place was made. */
  took(start: number, end: number): void {
    if (end - start <= this.#slowMs) {
      if (this.#doubt > 0) this.#doubt--;
      this.#poolMs = 0;
      return;
    }
    const alone = this.#doubt === 0;
    this.#doubt = DOUBTED;
    if (alone) return;
    this.#poolMs = this.#poolMs === 0 ? FIRST_MS : Math.min(2 * this.#poolMs, MOST_MS);
    this.#poolUntil = end + this.#poolMs;
  }
}
