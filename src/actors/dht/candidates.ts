import { type Address, formatAddress, fromPeerAddr, parseAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import { type AddressSource, type DialRules, mayDial, reachOf } from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { compareDistance, type NodeId } from '../../protocol/objects/ids.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { type Contact, contactOf } from './contact.ts';
import type { Candidate } from './lookup.ts';

/** Of one answer looked at; honest ones have 20. Its length is bounded by the frame, not by sense. */
const MAX_LOOKED_AT = 128;
const MAX_KEPT = 24;

export const candidateOf = (contact: Contact): Candidate => ({ ...contact, from: null });

/** An address with or without its key as somebody to ask; null when it may not be dialled. */
export function candidateAt(
  address: Address,
  source: AddressSource,
  from: string | null,
  rules: DialRules & { readonly ownKey: string },
): Candidate | null {
  if (!mayDial(address, source, rules)) return null;
  const text = formatAddress({ ...address, nodeKey: null });
  if (address.nodeKey === null) {
    const local = reachOf(parseIp(address.host)!) !== 'public';
    const neighbourhood = local ? null : neighbourhoodOf(address.host);
    return { address: text, nodeKey: null, id: null, neighbourhood, from };
  }
  const nodeKey = toHex(address.nodeKey);
  const contact = nodeKey === rules.ownKey ? null : contactOf(nodeKey, text);
  return contact && { ...contact, from };
}

/** The same for `tcp://ip:port[@key]`, or `quic://`. */
export function candidateFrom(
  text: string,
  source: AddressSource,
  from: string | null,
  rules: DialRules & { readonly ownKey: string },
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
  rules: DialRules & { readonly ownKey: string },
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const peer of peers.slice(0, MAX_LOOKED_AT)) {
    const address = fromPeerAddr(peer);
    const candidate = address === null ? null : candidateAt(address, 'dht', from, rules);
    // Whoever answers names others.
    if (candidate === null || candidate.nodeKey === from) continue;
    found.set(`${candidate.address}@${candidate.nodeKey ?? ''}`, candidate);
  }
  return [...found.values()]
    .sort((a, b) => {
      if (a.id === null || b.id === null) return Number(a.id === null) - Number(b.id === null);
      return compareDistance(target, a.id, b.id);
    })
    .slice(0, MAX_KEPT);
}
