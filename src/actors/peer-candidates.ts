import { type Address, formatAddress, overTcp, parseAddress } from '../protocol/addresses/address.ts';
import { toHex } from '../protocol/crypto/bytes.ts';
import type { PeerTarget } from './transport/contract.ts';

/** Peers asked about one share: a link carries 16 at most, the rest is for the operator's own. */
export const MAX_CANDIDATES = 32;
/** Addresses of one peer. */
const MAX_ADDRESSES = 8;

/**
 * Whom to ask about a share, its own peers first. All addresses that are known with one key are one peer; one that is
 * known with a key is not asked without it. By the network's convention a node with QUIC has TCP one port above (SCP2P
 * wire, section 3.2): that is tried too where no TCP address is known. Texts that are no address are passed over.
 */
export function candidatesOf(...lists: readonly (readonly string[])[]): PeerTarget[] {
  const addresses = lists.flat().flatMap((text) => {
    const parsed = parseAddress(text);
    return parsed.ok ? [parsed.address] : [];
  });
  const withKey = new Set(addresses.filter(({ nodeKey }) => nodeKey !== null).map(nameOf));
  const peers = new Map<string, Map<string, Address>>();
  for (const address of addresses) {
    const name = nameOf(address);
    if (address.nodeKey === null && withKey.has(name)) continue;
    const peer = address.nodeKey === null ? name : toHex(address.nodeKey);
    const known = peers.get(peer) ?? new Map();
    peers.set(peer, known.set(name, address));
  }
  return [...peers.values()].slice(0, MAX_CANDIDATES).map((known) => targetOf([...known.values()]));
}

/** One peer at one address, in its one form; it may be a QUIC one. Every question of the DHT comes by here. */
export function targetAt(address: string, nodeKey: string | null): PeerTarget {
  const alone: PeerTarget = { address, ...(nodeKey !== null && { nodeKey }) };
  if (!address.startsWith('quic:')) return alone;
  const also = candidatesOf([address])[0]?.also;
  return also === undefined ? alone : { ...alone, also };
}

const nameOf = (address: Address): string => formatAddress({ ...address, nodeKey: null });

function targetOf(addresses: readonly Address[]): PeerTarget {
  const { nodeKey } = addresses[0]!;
  const names = addresses.map(nameOf);
  if (!addresses.some(({ transport }) => transport === 'tcp')) {
    names.push(...addresses.flatMap((each) => overTcp(each) ?? []).map(nameOf));
  }
  const [address = '', ...also] = names.slice(0, MAX_ADDRESSES);
  return { address, ...(nodeKey && { nodeKey: toHex(nodeKey) }), ...(also.length > 0 && { also }) };
}
