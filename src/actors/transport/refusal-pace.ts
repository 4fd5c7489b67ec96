import { TokenBuckets } from '../token-buckets.ts';

/** Requests of one neighbourhood that are refused without more ado after a quiet time, and each second from then on. */
const BURST = 200;
const PER_SECOND = 50;
/** So many octets of a request that is refused cost as much as refusing another one: they are decoded to tell the fault. */
const OCTETS = 512;

/** The longest rest: a connection that is not read from is not seen to end. */
const MAX_REST_SECS = 10;

/**
 * How fast requests are refused. A refusal costs us as much as the request cost its sender, or more, and nothing else
 * holds up somebody who asks for nothing that is served. So whoever gets many is read from as slowly as this says; by
 * neighbourhood, because sessions and keys cost nothing. Those who get none are not concerned, whoever their neighbours are.
 */
export class RefusalPace {
  readonly #buckets: TokenBuckets;

  constructor(perSecond = PER_SECOND, burst = BURST) {
    this.#buckets = new TokenBuckets(perSecond, burst, perSecond * MAX_REST_SECS);
  }

  /** Counts the refusal of a request with so many octets. Milliseconds until its sender may be read from again. */
  refused(neighbourhood: string, octets: number, nowMs: number): number {
    this.#buckets.take(neighbourhood, nowMs, 1 + octets / OCTETS);
    return this.#buckets.debtMs(neighbourhood, nowMs);
  }
}
