import type { StoredPeer } from '../known-peer-types.ts';
import { netOf } from './peer-table.ts';
import { decayed } from './score.ts';

export interface PlanInput {
  readonly peers: Iterable<StoredPeer>;
  /** Addresses there is a session to, or a dial under way. */
  readonly busy: ReadonlySet<string>;
  /** Keys there is a session to. */
  readonly connectedKeys: ReadonlySet<string>;
  /** Whether it may be tried now: it is not waiting after a failure, not banned, not ours. */
  ready(peer: StoredPeer): boolean;
  /** Several peers of one neighbourhood are as good as peers of many. */
  readonly anyNet: boolean;
}

/** By so much a score is moved by chance, so that not everybody dials the same few. */
const JITTER = 3;

/**
 * Which known peers to dial for `count` more connections: the best by score, with some chance in it, each in another
 * neighbourhood and with another key than those there is a connection to.
 */
export function peersToDial(
  { peers, busy, connectedKeys, ready, anyNet }: PlanInput,
  count: number,
  now: number,
  random: () => number,
): readonly StoredPeer[] {
  if (count <= 0) return [];
  const ranked = [...peers]
    .filter((peer) => !busy.has(peer.address) && !connectedKeys.has(peer.nodeKey) && ready(peer))
    .map((peer) => ({ peer, rank: decayed(peer, now) - peer.failures + random() * JITTER }))
    .sort((a, b) => b.rank - a.rank);
  const keys = new Set(connectedKeys);
  const nets = new Set([...busy].map(netOf));
  const chosen: StoredPeer[] = [];
  for (const { peer } of ranked) {
    if (chosen.length >= count) break;
    const net = netOf(peer.address);
    if (keys.has(peer.nodeKey) || (!anyNet && nets.has(net))) continue;
    keys.add(peer.nodeKey);
    nets.add(net);
    chosen.push(peer);
  }
  return chosen;
}
