import { NetBuckets } from '../net-buckets.ts';
import { TokenBuckets } from '../token-buckets.ts';

/** Requests of one neighbourhood that are refused without more ado after a quiet time, and each second from then on. */
const BURST = 200;
const PER_SECOND = 50;
/**
 * The same of all together: a hundred networks refused as fast as each of them may be would have this thread to themselves.
 * 500 small requests a second, of one connection at a time, took a quarter of the speed of everybody else.
 */
const BURST_OF_ALL = 200;
const PER_SECOND_OF_ALL = 200;
/** So many octets of a request that is refused cost as much as refusing another one: they are decoded to tell the fault. */
const OCTETS = 512;

/** The longest rest: a connection that is not read from is not seen to end. */
const MAX_REST_SECS = 10;
/** And the longest because of others: who is refused now and then is held up by it each time. */
const MAX_REST_OF_ALL_SECS = 1;

export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * How fast requests are refused. A refusal costs us as much as the request cost its sender, or more, and nothing else
 * holds up somebody who asks for nothing that is served. So whoever gets many is read from as slowly as this says; by
 * neighbourhood, because sessions and keys cost nothing, and, as neighbourhoods cost little, in all. Those who get none are not
 * concerned, whoever their neighbours are.
 */
export class RefusalPace {
  readonly #buckets: NetBuckets;

  constructor(
    net: Pace = { perSecond: PER_SECOND, burst: BURST },
    all: Pace = { perSecond: PER_SECOND_OF_ALL, burst: BURST_OF_ALL },
  ) {
    this.#buckets = new NetBuckets(bucketsOf(all, MAX_REST_OF_ALL_SECS), bucketsOf(net, MAX_REST_SECS));
  }

  /**
   * Counts the refusal of a request with so many octets. Milliseconds until its sender may be read from again.
   * `neighbourhood` null: the request was in order, and what it asked for is not here, which the pace of all alone is for.
   */
  refused(neighbourhood: string | null, octets: number, nowMs: number): number {
    this.#buckets.take(neighbourhood, nowMs, 1 + octets / OCTETS);
    return this.#buckets.debtMs(neighbourhood, nowMs);
  }
}

const bucketsOf = ({ perSecond, burst }: Pace, maxRestSecs: number) =>
  new TokenBuckets(perSecond, burst, perSecond * maxRestSecs);
