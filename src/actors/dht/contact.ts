import { formatAddress, fromPeerAddr, parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
import { type IpReach, reachOf } from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import { type NodeId, nodeIdOf } from '../../protocol/objects/ids.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';

/** A node and where it is. Immutable, and one object for all tables and lookups of a thread that know it. */
export interface Contact {
  /** `tcp://ip:port@key` */
  readonly name: string;
  /** 64 hex digits. */
  readonly nodeKey: string;
  readonly id: NodeId;
  /** `tcp://ip:port` or `quic://ip:port` */
  readonly address: string;
  readonly reach: IpReach;
  /** Whom it is counted with (`neighbourhoodOf`); null: an address of a local network, where all are neighbours. */
  readonly neighbourhood: string | null;
  /** As others are told of it. */
  readonly peer: PeerAddr;
}

/** A peer of the wire whose key is told. */
type KeyedPeer = PeerAddr & { readonly pubkeyHint: Uint8Array };

/** Contacts kept, the oldest goes: the same nodes are told of again and again. */
const MAX_KEPT = 65_536;
const kept = new Map<string, Contact>();
/** The same by the first octets of their keys, so that answers of the wire are read without a text of each; few of each. */
const byKeyStart = new Map<number, Contact[]>();
const MAX_ALIKE = 4;

/** Null for what is no key or no address of the wire. */
export function contactOf(nodeKey: string, address: string): Contact | null {
  const known = kept.get(`${address}@${nodeKey}`);
  if (known !== undefined) return known;
  const parsed = parseAddress(`${address}@${nodeKey}`);
  const peer = parsed.ok ? toPeerAddr(parsed.address) : null;
  return peer !== null && hasKey(peer) ? keep(peer) : null;
}

/** Null for one whose key nobody told, or behind a relay. */
export function contactOfPeer(peer: PeerAddr): Contact | null {
  if (!hasKey(peer)) return null;
  const alike = byKeyStart.get(keyStart(peer));
  return alike?.find((contact) => isSame(contact.peer, peer)) ?? keep(peer);
}

const hasKey = (peer: PeerAddr): peer is KeyedPeer => peer.pubkeyHint !== null;

const keyStart = ({ pubkeyHint: key }: KeyedPeer): number =>
  (key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)) >>> 0;

const isSame = (a: PeerAddr, b: KeyedPeer): boolean =>
  a.port === b.port &&
  a.transport === b.transport &&
  b.relayVia === null &&
  bytesEqual(a.ip, b.ip) &&
  bytesEqual(a.pubkeyHint!, b.pubkeyHint);

function keep(peer: KeyedPeer): Contact | null {
  const parsed = fromPeerAddr(peer);
  // Port 0 is no address, whoever says it.
  if (parsed === null || parsed.port === 0) return null;
  const address = formatAddress({ ...parsed, nodeKey: null });
  const nodeKey = toHex(peer.pubkeyHint);
  const name = `${address}@${nodeKey}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const reach = reachOf(peer.ip);
  const contact: Contact = {
    name,
    nodeKey,
    id: nodeIdOf(peer.pubkeyHint),
    address,
    reach,
    neighbourhood: reach === 'public' ? neighbourhoodOf(parsed.host) : null,
    peer: { ...peer, ip: peer.ip.slice(), pubkeyHint: peer.pubkeyHint.slice() },
  };
  if (kept.size >= MAX_KEPT) forgetOldest();
  kept.set(name, contact);
  const start = keyStart(peer);
  const alike = byKeyStart.get(start);
  if (alike === undefined) byKeyStart.set(start, [contact]);
  else if (alike.length < MAX_ALIKE) alike.push(contact);
  return contact;
}

function forgetOldest(): void {
  const oldest = kept.values().next().value!;
  kept.delete(oldest.name);
  const start = keyStart(oldest.peer as KeyedPeer);
  const left = byKeyStart.get(start)?.filter((contact) => contact !== oldest) ?? [];
  if (left.length > 0) byKeyStart.set(start, left);
  else byKeyStart.delete(start);
}
