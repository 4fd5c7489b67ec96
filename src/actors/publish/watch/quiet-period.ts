/**
 * When a batch of changes is over: nothing happened for `quietMs`, or the first of it is `mostMs` ago. Pure; the caller
 * brings the time.
 */
export class QuietPeriod {
  readonly #quietMs: number;
  readonly #mostMs: number;
  #first: number | null = null;
  #last = 0;

  constructor(quietMs: number, mostMs: number) {
    this.#quietMs = quietMs;
    this.#mostMs = mostMs;
  }

  /** Something happened. True when it is the first of a batch. */
  touch(now: number): boolean {
    const isFirst = this.#first === null;
    this.#first ??= now;
    this.#last = now;
    return isFirst;
  }

  /** When the batch is over, as far as is known now; infinity while there is none. */
  get dueAt(): number {
    if (this.#first === null) return Number.POSITIVE_INFINITY;
    return Math.min(this.#last + this.#quietMs, this.#first + this.#mostMs);
  }

  /** The batch is taken; what happens from here on is another one. */
  clear(): void {
    this.#first = null;
  }
}
