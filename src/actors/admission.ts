import { neighbourhoodOf } from '../protocol/addresses/neighbourhood.ts';
import { HandshakePlaces } from './handshake-places.ts';
import { TokenBuckets } from './token-buckets.ts';
import type { PendingLimits } from './transport/contract.ts';

export interface AdmissionLimits extends PendingLimits {
  readonly maxPerSecond: number;
  readonly maxPerSecondPerNet: number;
}

/** Seconds' worth of connections that may come at once after a quiet time. */
const BURST_SECS = 2;
const ALL = '';
/**
 * The longest wait for a turn. Nodes of the reference make a connection for every request, eight at a time: refused ones
 * end their download, late ones make it slower. So many connections wait at most as may begin in that time.
 */
const PATIENCE_MS = 2_000;
/**
 * What a connection that came to nothing has cost, in turns. Nodes of the reference make one for every request, and are let
 * in as fast as may be; whoever begins handshakes only to leave them takes an eighth of a thread, not two thirds of it.
 */
const FRUITLESS_TURNS = 5;

/** Attempts in a second, by name. */
export const attemptBuckets = (perSecond: number): TokenBuckets =>
  new TokenBuckets(perSecond, perSecond * BURST_SECS);

/**
 * Who may start a handshake, and when: each costs us about 2 ms of CPU, so there are so many a second, in all and of one
 * neighbourhood (/24, for IPv6 /48), and so many at once.
 */
export class Admission {
  readonly #places: HandshakePlaces;
  readonly #all: TokenBuckets;
  readonly #nets: TokenBuckets;

  constructor(limits: AdmissionLimits) {
    this.#places = new HandshakePlaces(limits);
    this.#all = attemptBuckets(limits.maxPerSecond);
    this.#nets = attemptBuckets(limits.maxPerSecondPerNet);
  }

  /** Connections without a finished handshake. */
  get pending(): number {
    return this.#places.taken;
  }

  /**
   * The milliseconds until a connection of this address may begin its handshake, 0 being at
   * once; null: refused. The turn is taken with it, and `begin` is for when it has come.
   */
  turn(address: string, nowMs: number): number | null {
    const net = neighbourhoodOf(address);
    if (!this.#places.hasRoom(address) || this.#owedMs(net, nowMs) >= PATIENCE_MS) return null;
    this.#take(net, nowMs, 1);
    return this.#owedMs(net, nowMs);
  }

  /** A handshake that had its turn ended without a session. */
  fruitless(address: string, nowMs: number): void {
    const net = neighbourhoodOf(address);
    // Bounded, because all that are under way may end like this at once: then nobody is let in for another such time.
    if (this.#owedMs(net, nowMs) < 2 * PATIENCE_MS) this.#take(net, nowMs, FRUITLESS_TURNS - 1);
  }

  /** Null: no place. Else the handshake is counted until the returned function is called, once. */
  begin(address: string): (() => void) | null {
    return this.#places.take(address);
  }

  #owedMs(net: string, nowMs: number): number {
    return Math.max(this.#all.debtMs(ALL, nowMs), this.#nets.debtMs(net, nowMs));
  }

  #take(net: string, nowMs: number, turns: number): void {
    this.#all.take(ALL, nowMs, turns);
    this.#nets.take(net, nowMs, turns);
  }
}
