import { encodeWith } from '../../../protocol/cbor/codec.ts';
import { bytesEqual, toHex } from '../../../protocol/crypto/bytes.ts';
import { MAX_DHT_VALUE } from '../../../protocol/objects/dht-value.ts';
import { type Providers, providers } from '../../../protocol/objects/providers.ts';
import { type PeerAddr, peerAddr } from '../../../protocol/wire/peer-addr.ts';

/** Addresses in a list that is written for a node which keeps one list a content. */
export const MAX_MERGED = 32;
/** Clocks differ by so much; a record from further ahead would never be old. Seconds. */
const AHEAD = 600n;

export interface MergeRules {
  readonly nodeKey: Uint8Array;
  /** Unix seconds. */
  readonly now: bigint;
  /** Seconds after which what nobody wrote again counts no more. */
  readonly life: bigint;
  /** Whether an address that others wrote may be passed on. */
  mayTell(peer: PeerAddr): boolean;
}

/**
 * The list to write over one that others wrote, for a node that keeps the last one alone. Own addresses come first, as
 * everybody who does this puts his own: what stands before ours came after our last visit and is kept; what stands
 * behind it was there then and was not written since, though a life has nearly passed: it is dropped. A list that is
 * older than a life as a whole, or from the future, is not kept at all. At most 32 addresses and 64 KiB.
 */
export function mergeProviders(read: Providers | null, own: Providers, rules: MergeRules): Providers {
  if (read === null || !bytesEqual(read.contentId, own.contentId)) return own;
  if (read.updatedAt > rules.now + AHEAD || read.updatedAt + rules.life < rules.now) return own;
  const nameOf = (peer: PeerAddr) => toHex(encodeWith(peerAddr, peer));
  const places = new Set(own.providers.map(placeOf));
  const isOwn = (peer: PeerAddr) =>
    (peer.pubkeyHint !== null && bytesEqual(peer.pubkeyHint, rules.nodeKey)) ||
    (peer.relayVia === null && places.has(placeOf(peer)));
  const mine = read.providers.findIndex(isOwn);
  const since = mine < 0 ? read.providers : read.providers.slice(0, mine);
  const list = [...own.providers];
  const seen = new Set(list.map(nameOf));
  for (const peer of since) {
    if (list.length >= MAX_MERGED) break;
    const name = nameOf(peer);
    if (seen.has(name) || !rules.mayTell(peer)) continue;
    seen.add(name);
    list.push(peer);
  }
  while (list.length > own.providers.length && sizeOf(own, list) > MAX_DHT_VALUE) list.pop();
  return { ...own, providers: list };
}

const placeOf = ({ ip, port, transport }: PeerAddr): string => `${transport} ${toHex(ip)} ${port}`;

const sizeOf = (own: Providers, list: readonly PeerAddr[]): number =>
  encodeWith(providers, { ...own, providers: list }).length;
