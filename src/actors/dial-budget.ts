import { neighbourhoodOfRemote } from '../protocol/addresses/neighbourhood.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Dials to one address that never answered: so many at once, then one in half a minute. */
const PER_ADDRESS = { perSecond: 1 / 30, burst: 3 };
/** To one neighbourhood (IPv4 /24, IPv6 /48): nobody has us knock at every port of a network. */
const PER_NEIGHBOURHOOD = { perSecond: 1 / 5, burst: 16 };
/** On the word of one announcer. */
const PER_ANNOUNCER = { perSecond: 1, burst: 64 };

/**
 * How often this node dials addresses that it knows by hearsay alone, so that nobody makes a battering ram of it. Who has
 * answered before is not counted.
 */
export class DialBudget {
  readonly #addresses = new TokenBuckets(PER_ADDRESS.perSecond, PER_ADDRESS.burst);
  readonly #neighbourhoods = new TokenBuckets(PER_NEIGHBOURHOOD.perSecond, PER_NEIGHBOURHOOD.burst);
  readonly #announcers = new TokenBuckets(PER_ANNOUNCER.perSecond, PER_ANNOUNCER.burst);

  /**
   * Whether one more dial is within bounds; if so it is counted. `address`: `tcp://ip:port`; `from`: the node key of
   * whoever told of it. `local`: an address of a local network, where all are neighbours.
   */
  take(address: string, from: string, nowMs: number, local = false): boolean {
    const neighbourhood = neighbourhoodOfRemote(address.slice(address.indexOf('://') + 3));
    if (!this.#addresses.has(address, nowMs) || !this.#announcers.has(from, nowMs)) return false;
    if (!local && !this.#neighbourhoods.has(neighbourhood, nowMs)) return false;
    this.#addresses.take(address, nowMs);
    this.#announcers.take(from, nowMs);
    if (!local) this.#neighbourhoods.take(neighbourhood, nowMs);
    return true;
  }
}
