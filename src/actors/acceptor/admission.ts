import { TokenBuckets } from './token-buckets.ts';

export interface AdmissionLimits {
  readonly maxPending: number;
  readonly maxPendingPerAddress: number;
  readonly maxPerSecond: number;
  readonly maxPerSecondPerNet: number;
}

/** Seconds' worth of connections that may come at once after a quiet time. */
const BURST_SECS = 2;
const ALL = '';

/**
 * Who may start a handshake: each costs us about 2.4 ms of CPU and a silent one a socket for ten seconds, so they have a
 * budget of their own, in all, by address, and by neighbourhood (/24, for IPv6 /48).
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #all: TokenBuckets;
  readonly #nets: TokenBuckets;
  readonly #pendingOf = new Map<string, number>();
  #pending = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#all = new TokenBuckets(limits.maxPerSecond, limits.maxPerSecond * BURST_SECS);
    this.#nets = new TokenBuckets(limits.maxPerSecondPerNet, limits.maxPerSecondPerNet * BURST_SECS);
  }

  /** Connections without a finished handshake. */
  get pending(): number {
    return this.#pending;
  }

  /** Null: refused. Else the handshake is counted until the returned function is called. */
  admit(address: string, nowMs: number): (() => void) | null {
    const here = this.#pendingOf.get(address) ?? 0;
    if (this.#pending >= this.#limits.maxPending || here >= this.#limits.maxPendingPerAddress) return null;
    const net = netOf(address);
    if (!this.#all.has(ALL, nowMs) || !this.#nets.has(net, nowMs)) return null;
    this.#all.take(ALL, nowMs);
    this.#nets.take(net, nowMs);
    this.#pending++;
    this.#pendingOf.set(address, here + 1);
    return () => {
      this.#pending--;
      const left = this.#pendingOf.get(address)! - 1;
      if (left > 0) this.#pendingOf.set(address, left);
      else this.#pendingOf.delete(address);
    };
  }
}

/** The /24 of an IPv4 address, the /48 of an IPv6 one: what one party can have at little cost. */
export function netOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'));
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // With `::` among the first three groups the rest of them are zero.
  if (tail !== undefined) while (groups.length < 3) groups.push('0');
  return groups.slice(0, 3).join(':');
}
