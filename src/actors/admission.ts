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
 * The longest wait for a turn. Nodes of the reference make a connection for every request, eight at a time: refused ones
 * end their download, late ones make it slower. So many connections wait at most as may begin in that time.
 */
const PATIENCE_MS = 2_000;

const hostNameOf = (address: string): string => `host ${hostOf(address)}`;
const netOf = (address: string): string => `net ${neighbourhoodOf(address)}`;

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
    const net = netOf(address);
    if (!this.#hasRoom(address) || !this.#all.has(ALL, nowMs) || !this.#nets.has(net, nowMs)) return null;
    this.#take(net, nowMs);
    return this.begin(address);
  }

  /**
   * For those who can wait: the milliseconds until a connection of this address may begin its handshake, 0 being at
   * once; null: refused. The turn is taken with it, and `begin` is for when it has come.
   */
  turn(address: string, nowMs: number): number | null {
    const net = netOf(address);
    const owed = () => Math.max(this.#all.debtMs(ALL, nowMs), this.#nets.debtMs(net, nowMs));
    if (!this.#hasRoom(address) || owed() >= PATIENCE_MS) return null;
    this.#take(net, nowMs);
    return owed();
  }

  /** Null: no place. Else the handshake is counted until the returned function is called, once. */
  begin(address: string): (() => void) | null {
    if (!this.#hasRoom(address)) return null;
    const names = [hostNameOf(address), netOf(address)];
    this.#count(names, 1);
    return () => this.#count(names, -1);
  }

  #hasRoom(address: string): boolean {
    const [host, net] = [hostNameOf(address), netOf(address)];
    if (this.#pending >= this.#limits.maxPending) return false;
    return this.#of(host) < this.#limits.maxPendingPerAddress && this.#of(net) < this.#perNet;
  }

  #take(net: string, nowMs: number): void {
    this.#all.take(ALL, nowMs);
    this.#nets.take(net, nowMs);
  }

  #of(name: string): number {
    return this.#pendingOf.get(name) ?? 0;
  }

  #count(names: readonly string[], change: 1 | -1): void {
    this.#pending += change;
    for (const name of names) {
      const count = this.#of(name) + change;
      if (count > 0) this.#pendingOf.set(name, count);
      else this.#pendingOf.delete(name);
    }
  }
}
