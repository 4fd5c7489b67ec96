/** Buckets kept at once; one that is full again is as good as none and goes first. */
const MAX_BUCKETS = 4096;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets by name: `perSecond` flow in, up to `burst`. More may be taken than is there; what is owed, at most
 * `maxDebt`, flows in first. The number of buckets is bounded.
 */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #maxDebt: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, burst: number, maxDebt = Number.POSITIVE_INFINITY) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#maxDebt = maxDebt;
  }

  /** Whether `name` has a token left; taking it is another call, so that several buckets can be asked first. */
  has(name: string, nowMs: number): boolean {
    return this.#fill(name, nowMs).tokens >= 1;
  }

  take(name: string, nowMs: number, count = 1): void {
    const bucket = this.#fill(name, nowMs);
    bucket.tokens = Math.max(-this.#maxDebt, bucket.tokens - count);
  }

  /** Milliseconds until `name` owes nothing more. */
  debtMs(name: string, nowMs: number): number {
    return (Math.max(0, -this.#fill(name, nowMs).tokens) / this.#perSecond) * 1000;
  }

  #fill(name: string, nowMs: number): Bucket {
    const known = this.#buckets.get(name);
    if (known === undefined) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
      const fresh = { tokens: this.#burst, at: nowMs };
      this.#buckets.set(name, fresh);
      return fresh;
    }
    known.tokens = Math.min(this.#burst, known.tokens + ((nowMs - known.at) / 1000) * this.#perSecond);
    known.at = nowMs;
    // In again at the end: the map's order is that of use.
    this.#buckets.delete(name);
    this.#buckets.set(name, known);
    return known;
  }
}
