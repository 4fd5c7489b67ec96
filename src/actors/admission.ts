import { neighbourhoodOf } from '../protocol/addresses/neighbourhood.ts';
import { HandshakePlaces } from './handshake-places.ts';
import { NetBuckets } from './net-buckets.ts';
import type { Newcomers } from './newcomers.ts';
import { TokenBuckets } from './token-buckets.ts';
import type { PendingLimits } from './transport/contract.ts';

export interface AdmissionLimits extends PendingLimits {
  readonly maxPerSecond: number;
  readonly maxPerSecondPerNet: number;
}

export interface Turn {
  /** Until its handshake may begin; 0: at once. */
  readonly waitMs: number;
  /** It has paid for a newcomer. */
  readonly newcomer: boolean;
}

/** Seconds' worth of connections that may come at once after a quiet time. */
const BURST_SECS = 2;
/**
 * The longest wait for a turn. Nodes of the reference make a connection for every request, eight at a time: refused ones
 * end their download, late ones make it slower. So many connections wait at most as may begin in that time.
 */
const PATIENCE_MS = 2_000;
/** Attempts in a second, by name. */
export const attemptBuckets = (perSecond: number): TokenBuckets =>
  new TokenBuckets(perSecond, perSecond * BURST_SECS);

/**
 * Who may start a handshake, and when: each costs us about 2 ms of CPU, so there are so many a second, in all and of one
 * neighbourhood (/24, for IPv6 /48), and so many at once; and fewer of newcomers, where they are told apart.
 */
export class Admission {
  readonly #places: HandshakePlaces;
  readonly #attempts: NetBuckets;
  readonly #newcomers: Newcomers | null;

  constructor(limits: AdmissionLimits, newcomers: Newcomers | null = null) {
    this.#places = new HandshakePlaces(limits);
    const { maxPerSecond, maxPerSecondPerNet } = limits;
    this.#attempts = new NetBuckets(attemptBuckets(maxPerSecond), attemptBuckets(maxPerSecondPerNet));
    this.#newcomers = newcomers;
  }

  /** Connections without a finished handshake. */
  get pending(): number {
    return this.#places.taken;
  }

  /** Null: refused. Else the turn is taken with it, and `begin` is for when it has come. */
  turn(address: string, nowMs: number): Turn | null {
    const net = neighbourhoodOf(address);
    const newcomers = this.#newcomers?.has(net) ? this.#newcomers : null;
    const owedMs = () => Math.max(this.#attempts.debtMs(net, nowMs), newcomers?.owedMs(net, nowMs) ?? 0);
    if (!this.#places.hasRoom(address) || owedMs() >= PATIENCE_MS) return null;
    this.#attempts.take(net, nowMs);
    newcomers?.pay(net, nowMs);
    return { waitMs: owedMs(), newcomer: newcomers !== null };
  }

  /** Null: no place. Else the handshake is counted until the returned function is called, once. */
  begin(address: string): (() => void) | null {
    return this.#places.take(address);
  }
}
