import { NetBuckets } from './net-buckets.ts';
import { TokenBuckets } from './token-buckets.ts';

/**
 * Seconds' worth at once, after a quiet time: of all, and of one neighbourhood, where a node of the reference opens
 * eight connections before any of them can show what it is.
 */
const BURST_SECS = 1;
const NET_BURST_SECS = 2;
/** The most that is owed, in seconds: those who come in order would keep all newcomers out for as long. */
const MAX_DEBT_SECS = 4;
/** Neighbourhoods remembered; the one that came longest ago goes. */
const MAX_KNOWN = 4_096;
/** Of 127.0.0.1 and ::1. Behind a proxy on this machine everybody comes from there: as a neighbourhood it says nothing. */
const LOOPBACK = new Set(['127.0.0', '0:0:0']);

export interface NewcomerLimits {
  readonly maxNewPerSecond: number;
  /** Of one neighbourhood. */
  readonly maxNewPerSecondPerNet: number;
}

const bucketsOf = (perSecond: number, burstSecs: number) =>
  new TokenBuckets(perSecond, perSecond * burstSecs, perSecond * MAX_DEBT_SECS);

/**
 * What connections cost those of whom nothing good is known. A newcomer pays when it gets its turn, and is paid back once it
 * was given something that it had asked for; from then on its neighbourhood comes and goes for nothing, until one of
 * its connections comes to nothing: no session, one in which it was given nothing, or one that ended by a fault of it.
 */
export class Newcomers {
  readonly #owed: NetBuckets;
  readonly #known = new Set<string>();

  constructor({ maxNewPerSecond, maxNewPerSecondPerNet }: NewcomerLimits) {
    const all = bucketsOf(maxNewPerSecond, BURST_SECS);
    this.#owed = new NetBuckets(all, bucketsOf(maxNewPerSecondPerNet, NET_BURST_SECS));
  }

  /** Whether a connection of that neighbourhood is a newcomer's. */
  has(net: string): boolean {
    if (!this.#known.delete(net)) return true;
    // In again at the end: the order is that of use.
    this.#known.add(net);
    return false;
  }

  /** Milliseconds until what newcomers owe, in all and those of this neighbourhood, is paid. */
  owedMs(net: string, nowMs: number): number {
    return this.#owed.debtMs(paced(net), nowMs);
  }

  pay(net: string, nowMs: number): void {
    this.#owed.take(paced(net), nowMs);
  }

  /** What became of the connection is not its own doing. */
  payBack(net: string, nowMs: number): void {
    this.#owed.take(paced(net), nowMs, -1);
  }

  /** A newcomer's connection, which had paid, was of use. */
  welcome(net: string, nowMs: number): void {
    this.payBack(net, nowMs);
    this.#known.add(net);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
  }

  /** A connection came to nothing; `paid`: one that was a newcomer's till the end. */
  fruitless(net: string, paid: boolean, nowMs: number): void {
    this.#known.delete(net);
    if (!paid) this.pay(net, nowMs);
  }
}

/** As which neighbourhood a connection is counted beside all others; null: as none. */
const paced = (net: string): string | null => (LOOPBACK.has(net) ? null : net);
