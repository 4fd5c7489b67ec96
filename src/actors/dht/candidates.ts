import { type Address, formatAddress, fromPeerAddr, parseAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import {
  type AddressSource,
  type DialRules,
  mayDial,
  mayDialReach,
  reachOf,
} from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { compareDistance, type NodeId } from '../../protocol/objects/ids.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { type Contact, contactOf, contactOfPeer } from './contact.ts';
import type { Candidate } from './lookup.ts';

/** Of one answer looked at; honest ones have 20. Its length is bounded by the frame, not by sense. */
const MAX_LOOKED_AT = 128;
const MAX_KEPT = 24;

type Rules = DialRules & { readonly ownKey: string };

/** Somebody whose key is known; `from`: who named it, null where this node knows it itself. */
export const candidateOf = (
  { name, address, nodeKey, id, neighbourhood }: Contact,
  from: string | null = null,
): Candidate => ({ name, address, nodeKey, id, neighbourhood, from });

/** An address with or without its key as somebody to ask; null when it may not be dialled. */
export function candidateAt(
  address: Address,
  source: AddressSource,
  from: string | null,
  rules: Rules,
): Candidate | null {
  if (!mayDial(address, source, rules)) return null;
  const text = formatAddress({ ...address, nodeKey: null });
  if (address.nodeKey === null) {
    const local = reachOf(parseIp(address.host)!) !== 'public';
    const neighbourhood = local ? null : neighbourhoodOf(address.host);
    return { name: `${text}@`, address: text, nodeKey: null, id: null, neighbourhood, from };
  }
  const nodeKey = toHex(address.nodeKey);
  const contact = nodeKey === rules.ownKey ? null : contactOf(nodeKey, text);
  return contact && candidateOf(contact, from);
}

/** The same for `tcp://ip:port[@key]`, or `quic://`. */
export function candidateFrom(
  text: string,
  source: AddressSource,
  from: string | null,
  rules: Rules,
): Candidate | null {
  const parsed = parseAddress(text);
  return parsed.ok ? candidateAt(parsed.address, source, from, rules) : null;
}

/**
 * Those of a hostile list of addresses who may be dialled, the nearest to the target first: no more of them than an
 * honest node names, none twice, never ourselves.
 */
export function candidatesOf(
  peers: readonly PeerAddr[],
  target: NodeId,
  from: string,
  rules: Rules,
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const peer of peers.slice(0, MAX_LOOKED_AT)) {
    const candidate = candidateNamed(peer, from, rules);
    // Whoever answers names others.
    if (candidate !== null && candidate.nodeKey !== from) found.set(candidate.name, candidate);
  }
  return [...found.values()]
    .sort((a, b) => {
      if (a.id === null || b.id === null) return Number(a.id === null) - Number(b.id === null);
      return compareDistance(target, a.id, b.id);
    })
    .slice(0, MAX_KEPT);
}

/** Most that are named are known already: they are found by their octets, and nothing of them is read again. */
function candidateNamed(peer: PeerAddr, from: string, rules: Rules): Candidate | null {
  const contact = contactOfPeer(peer);
  if (contact === null) {
    const address = fromPeerAddr(peer);
    return address === null ? null : candidateAt(address, 'dht', from, rules);
  }
  const { reach, address, nodeKey } = contact;
  const may = nodeKey !== rules.ownKey && mayDialReach(reach, peer.port, address, 'dht', rules);
  return may ? candidateOf(contact, from) : null;
}
