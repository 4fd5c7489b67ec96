import { hostOf, neighbourhoodOf } from '../protocol/addresses/neighbourhood.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface AdmissionLimits {
  readonly maxPending: number;
  readonly maxPendingPerAddress: number;
  readonly maxPerSecond: number;
  readonly maxPerSecondPerNet: number;
}

/** Seconds' worth of connections that may come at once after a quiet time. */
const BURST_SECS = 2;
/** The part of all pending handshakes that one neighbourhood may have: its silent sockets leave room for others. */
const NET_SHARE = 4;
const ALL = '';

/**
 * Who may start a handshake: each costs us about 2.4 ms of CPU and a silent one a socket for ten seconds, so they have a
 * budget of their own, in all, by address (IPv6: /64), and by neighbourhood (/24, for IPv6 /48).
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perNet: number;
  readonly #all: TokenBuckets;
  readonly #nets: TokenBuckets;
  readonly #pendingOf = new Map<string, number>();
  #pending = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#perNet = Math.max(limits.maxPendingPerAddress, Math.floor(limits.maxPending / NET_SHARE));
    this.#all = new TokenBuckets(limits.maxPerSecond, limits.maxPerSecond * BURST_SECS);
    this.#nets = new TokenBuckets(limits.maxPerSecondPerNet, limits.maxPerSecondPerNet * BURST_SECS);
  }

  /** Connections without a finished handshake. */
  get pending(): number {
    return this.#pending;
  }

  /** Null: refused. Else the handshake is counted until the returned function is called, once. */
  admit(address: string, nowMs: number): (() => void) | null {
    const host = `host ${hostOf(address)}`;
    const net = `net ${neighbourhoodOf(address)}`;
    if (this.#pending >= this.#limits.maxPending) return null;
    if (this.#of(host) >= this.#limits.maxPendingPerAddress || this.#of(net) >= this.#perNet) return null;
    if (!this.#all.has(ALL, nowMs) || !this.#nets.has(net, nowMs)) return null;
    this.#all.take(ALL, nowMs);
    this.#nets.take(net, nowMs);
    this.#count(host, net, 1);
    return () => this.#count(host, net, -1);
  }

  #of(name: string): number {
    return this.#pendingOf.get(name) ?? 0;
  }

  #count(host: string, net: string, change: 1 | -1): void {
    this.#pending += change;
    for (const name of [host, net]) {
      const count = this.#of(name) + change;
      if (count > 0) this.#pendingOf.set(name, count);
      else this.#pendingOf.delete(name);
    }
  }
}
