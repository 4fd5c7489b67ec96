import { parseAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import type { StoredPeer } from '../known-peer-types.ts';
import { GroupedBounds } from './grouped-bounds.ts';
import { decayed, FAILURE, rated, SUCCESS } from './score.ts';

export interface TableBounds {
  readonly peers: number;
  /** Peers that one source brought. */
  readonly perSource: number;
  /** Peers in one /24, or /48 of IPv6. */
  readonly perNet: number;
  /** Addresses of one node key. */
  readonly perKey: number;
}

export const TABLE_BOUNDS: TableBounds = { peers: 4_096, perSource: 256, perNet: 16, perKey: 4 };

/** What a finished handshake says of a peer. */
export type Answered = Pick<
  StoredPeer,
  'address' | 'nodeKey' | 'version' | 'capabilityKeys' | 'native' | 'capabilities' | 'source'
>;

/** A peer that failed so often in a row, and has not answered for so long, is forgotten. */
const GIVE_UP_FAILURES = 12;
const GIVE_UP_SECONDS = 3 * 86_400;

/**
 * Peers that answered this node, by address: bounded in all, by who told of them, by neighbourhood and by key. Where
 * there is no room the worst of the same group goes: the lowest score by now, of equals the one unheard of longest.
 */
export class PeerTable {
  readonly #peers = new Map<string, StoredPeer>();
  readonly #limit: number;
  readonly #bounds: GroupedBounds;
  readonly #changed = new Set<string>();

  constructor(bounds: TableBounds = TABLE_BOUNDS) {
    this.#limit = bounds.peers;
    this.#bounds = new GroupedBounds({ source: bounds.perSource, net: bounds.perNet, key: bounds.perKey });
  }

  get size(): number {
    return this.#peers.size;
  }

  get(address: string): StoredPeer | null {
    return this.#peers.get(address) ?? null;
  }

  /** All of them, in no order that means anything. */
  all(): Iterable<StoredPeer> {
    return this.#peers.values();
  }

  /** As the store has them: nothing of it counts as a change. */
  load(peers: readonly StoredPeer[]): void {
    for (const peer of peers) {
      if (this.#peers.has(peer.address)) continue;
      this.#put(peer, peer.seenAt);
      this.#changed.delete(peer.address);
    }
  }

  /** It answered, in a handshake or to a request. `now`: unix seconds. */
  answered(peer: Answered, now: number): void {
    const known = this.#peers.get(peer.address);
    // Another key lives there now: what the old one was like says nothing of it.
    const same = known?.nodeKey === peer.nodeKey ? known : undefined;
    const score = rated(same ?? { score: 0, scoreAt: now }, SUCCESS, now);
    if (known !== undefined) this.#remove(known);
    this.#put({ ...peer, source: same?.source ?? peer.source, ...score, failures: 0, seenAt: now }, now);
  }

  /** It was dialled in vain, or owed an answer. False: it is forgotten now, or was not known. */
  failed(address: string, now: number): boolean {
    const known = this.#peers.get(address);
    if (known === undefined) return false;
    const failures = known.failures + 1;
    if (failures >= GIVE_UP_FAILURES && now - known.seenAt >= GIVE_UP_SECONDS) {
      this.forget(address);
      return false;
    }
    this.#peers.set(address, { ...known, ...rated(known, FAILURE, now), failures });
    this.#changed.add(address);
    return true;
  }

  forget(address: string): void {
    const known = this.#peers.get(address);
    if (known === undefined) return;
    this.#remove(known);
    this.#changed.add(address);
  }

  /** What changed since the last call, for the store. */
  takeChanges(): { readonly kept: readonly StoredPeer[]; readonly gone: readonly string[] } {
    const kept: StoredPeer[] = [];
    const gone: string[] = [];
    for (const address of this.#changed) {
      const peer = this.#peers.get(address);
      if (peer === undefined) gone.push(address);
      else kept.push(peer);
    }
    this.#changed.clear();
    return { kept, gone };
  }

  /** Those that could not be written down are changes again. */
  putBack(addresses: readonly string[]): void {
    for (const address of addresses) this.#changed.add(address);
  }

  #put(peer: StoredPeer, now: number): void {
    const groups = groupsOf(peer);
    for (;;) {
      const full = this.#bounds.full(groups) ?? (this.#peers.size >= this.#limit ? this.#peers.keys() : null);
      if (full === null) break;
      this.forget(this.#worst(full, now));
    }
    this.#peers.set(peer.address, peer);
    this.#bounds.add(peer.address, groups);
    this.#changed.add(peer.address);
  }

  #remove(peer: StoredPeer): void {
    this.#peers.delete(peer.address);
    this.#bounds.remove(peer.address, groupsOf(peer));
  }

  #worst(addresses: Iterable<string>, now: number): string {
    let worst: { address: string; score: number; seenAt: number } | null = null;
    for (const address of addresses) {
      const peer = this.#peers.get(address)!;
      const score = decayed(peer, now);
      if (worst === null || score < worst.score || (score === worst.score && peer.seenAt < worst.seenAt)) {
        worst = { address, score, seenAt: peer.seenAt };
      }
    }
    return worst!.address;
  }
}

/** The neighbourhood of an address, /24 or /48; a text that has no IP is a neighbourhood of its own. */
export function netOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed.ok && parseIp(parsed.address.host) !== null ? neighbourhoodOf(parsed.address.host) : address;
}

/** What this node dialled of its own accord, for a link or for its operator, is nobody's to bound. */
const groupsOf = ({ address, nodeKey, source }: StoredPeer): string[] => [
  ...(source === 'seed' || source === 'dial' ? [] : [`source:${source}`]),
  `net:${netOf(address)}`,
  `key:${nodeKey}`,
];
