import { hostOf, neighbourhoodOf } from '../protocol/addresses/neighbourhood.ts';
import type { PendingLimits } from './transport/contract.ts';

/** The part of all pending handshakes that one neighbourhood may have: its silent sockets leave room for others. */
const NET_SHARE = 4;

/**
 * Handshakes under way, of which a silent one holds a socket for ten seconds: so many in all, of one address (IPv6: /64),
 * and of one neighbourhood (/24, for IPv6 /48).
 */
export class HandshakePlaces {
  readonly #limits: PendingLimits;
  readonly #perNet: number;
  readonly #takenBy = new Map<string, number>();
  #taken = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
    this.#perNet = Math.max(limits.maxPendingPerAddress, Math.floor(limits.maxPending / NET_SHARE));
  }

  get taken(): number {
    return this.#taken;
  }

  hasRoom(address: string): boolean {
    const [host, net] = namesOf(address);
    if (this.#taken >= this.#limits.maxPending) return false;
    return this.#of(host) < this.#limits.maxPendingPerAddress && this.#of(net) < this.#perNet;
  }

  /** Null: there is none. Else it is taken until the returned function is called, once. */
  take(address: string): (() => void) | null {
    if (!this.hasRoom(address)) return null;
    const names = namesOf(address);
    this.#count(names, 1);
    return () => this.#count(names, -1);
  }

  #of(name: string): number {
    return this.#takenBy.get(name) ?? 0;
  }

  #count(names: readonly string[], change: 1 | -1): void {
    this.#taken += change;
    for (const name of names) {
      const count = this.#of(name) + change;
      if (count > 0) this.#takenBy.set(name, count);
      else this.#takenBy.delete(name);
    }
  }
}

const namesOf = (address: string): readonly [host: string, net: string] => [
  `host ${hostOf(address)}`,
  `net ${neighbourhoodOf(address)}`,
];
