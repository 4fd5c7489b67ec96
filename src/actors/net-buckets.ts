import type { TokenBuckets } from './token-buckets.ts';

const ALL = '';

/** Two rates that hold together: that of all, and that of each neighbourhood. `net` null: that of all alone. */
export class NetBuckets {
  readonly #all: TokenBuckets;
  readonly #nets: TokenBuckets;

  constructor(all: TokenBuckets, nets: TokenBuckets) {
    this.#all = all;
    this.#nets = nets;
  }

  take(net: string | null, nowMs: number, count = 1): void {
    this.#all.take(ALL, nowMs, count);
    if (net !== null) this.#nets.take(net, nowMs, count);
  }

  /** Milliseconds until neither owes anything more. */
  debtMs(net: string | null, nowMs: number): number {
    const all = this.#all.debtMs(ALL, nowMs);
    return net === null ? all : Math.max(all, this.#nets.debtMs(net, nowMs));
  }
}
