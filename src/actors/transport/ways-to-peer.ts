import { failure } from '../../errors.ts';
import { formatAddress, parseAddress } from '../../protocol/addresses/address.ts';
import { bytesEqual, fromHex } from '../../protocol/crypto/bytes.ts';
import type { PeerTarget } from './contract.ts';
import type { DialTarget } from './dial-attempt.ts';

/** Addresses of one peer that are tried. */
const MAX_WAYS = 8;

/** Checks addresses as they came from links or an operator. Throws `E_ADDRESS_INVALID`, `E_PEER_IDENTITY` for the first. */
export function waysTo(peer: PeerTarget): readonly DialTarget[] {
  const first = wayOf(peer.address, peer.nodeKey);
  const ways = new Map([[first.address, first]]);
  for (const address of peer.also ?? []) {
    if (ways.size >= MAX_WAYS) break;
    const way = wayOf(address, peer.nodeKey);
    ways.set(way.address, way);
  }
  return [...ways.values()];
}

function wayOf(text: string, nodeKey: string | undefined): DialTarget {
  const parsed = parseAddress(text);
  const invalid = (why: string) => failure('E_ADDRESS_INVALID', why, { subject: text });
  if (!parsed.ok) throw invalid(`no address of a peer: ${parsed.reason}`);
  const given = nodeKey === undefined ? null : fromHex(nodeKey, 32);
  if (nodeKey !== undefined && given === null) throw invalid('a node key has 64 hex digits');
  const { transport, host, port, nodeKey: written } = parsed.address;
  if (given && written && !bytesEqual(given, written)) {
    throw failure('E_PEER_IDENTITY', 'the address names another key than the one wanted', { subject: text });
  }
  const address = formatAddress({ transport, host, port, nodeKey: null });
  return { transport, address, ip: host, port, nodeKey: given ?? written };
}
