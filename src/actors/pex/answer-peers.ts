import { peerAddrsOf } from '../../protocol/addresses/address.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import type { StoredPeer } from '../known-peer-types.ts';
import { MAX_OFFERED } from './offered.ts';
import { sampleOf } from './sample.ts';

/** A peer that has not answered for longer is handed out to nobody. */
export const FRESH_SECONDS = 86_400;
/** Own addresses in one answer. */
const MAX_OWN = 4;

export interface Asker {
  readonly nodeKey: string;
  readonly dialect: Dialect;
}

export interface Known {
  /** This node's own addresses: it speaks every dialect. */
  readonly own: readonly string[];
  readonly ownKey: string;
  /** Those whose addresses are anybody's business. */
  readonly peers: Iterable<StoredPeer>;
}

/**
 * What an asker is told: this node first, then a sample without bias of the peers that answered it within a day and
 * that the asker can dial by its dialect; never the asker itself. At most `max`, and 64.
 */
export function answerPeers(
  asker: Asker,
  max: number,
  known: Known,
  now: number,
  random: () => number,
): readonly PeerAddr[] {
  const limit = Math.min(max, MAX_OFFERED);
  const own = peerAddrsOf(known.own.slice(0, Math.min(MAX_OWN, limit)), fromHex(known.ownKey, 32));
  const fit: StoredPeer[] = [];
  for (const peer of known.peers) {
    if (now - peer.seenAt > FRESH_SECONDS || peer.failures > 0) continue;
    if (peer.nodeKey === asker.nodeKey || peer.nodeKey === known.ownKey) continue;
    if (!canDial(asker.dialect, peer)) continue;
    fit.push(peer);
  }
  const others = sampleOf(fit, limit - own.length, random);
  return [...own, ...others.flatMap(({ address, nodeKey }) => peerAddrsOf([address], fromHex(nodeKey, 32)))];
}

/** Whoever runs Granary speaks every dialect, whatever the one we met it in. */
const canDial = (dialect: Dialect, peer: StoredPeer): boolean =>
  peer.native || (peer.version === dialect.version && peer.capabilityKeys === dialect.capabilityKeys);
