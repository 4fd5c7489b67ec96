import { formatAddress, fromPeerAddr, parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
import { type IpReach, reachOf } from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import { type NodeId, nodeIdOf } from '../../protocol/objects/ids.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';

/** A node and where it is. Immutable, and as a rule one object for all tables and lookups of a thread that know it. */
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

/** Contacts kept, the oldest go: the same nodes are told of again and again. */
const MAX_KEPT = 65_536;
/** By the first octets of their keys, so that answers of the wire are read without a text of each. */
const kept = new Map<number, Contact[]>();
/** Of those whose keys begin alike; made keys may, and the oldest of them goes. */
const MAX_ALIKE = 4;
let count = 0;

/** Null for what is no key or no address of the wire. */
export function contactOf(nodeKey: string, address: string): Contact | null {
  const alike = kept.get(Number.parseInt(nodeKey.slice(0, 8), 16));
  const known = alike?.find((each) => each.nodeKey === nodeKey && each.address === address);
  if (known !== undefined) return known;
  const parsed = parseAddress(`${address}@${nodeKey}`);
  const peer = parsed.ok ? toPeerAddr(parsed.address) : null;
  return peer !== null && hasKey(peer) ? keep(peer) : null;
}

/** Null for one whose key nobody told, or behind a relay. */
export function contactOfPeer(peer: PeerAddr): Contact | null {
  if (!hasKey(peer)) return null;
  return kept.get(keyStart(peer))?.find((contact) => isSame(contact.peer, peer)) ?? keep(peer);
}

const hasKey = (peer: PeerAddr): peer is KeyedPeer => peer.pubkeyHint !== null;

const keyStart = ({ pubkeyHint: key }: KeyedPeer): number =>
  ((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!) >>> 0;

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
  const reach = reachOf(peer.ip);
  const contact: Contact = {
    name: `${address}@${nodeKey}`,
    nodeKey,
    id: nodeIdOf(peer.pubkeyHint),
    address,
    reach,
    neighbourhood: reach === 'public' ? neighbourhoodOf(parsed.host) : null,
    peer: { ...peer, ip: peer.ip.slice(), pubkeyHint: peer.pubkeyHint.slice() },
  };
  if (count >= MAX_KEPT) forgetOldest();
  const start = keyStart(peer);
  const alike = kept.get(start) ?? [];
  kept.set(start, alike);
  if (alike.push(contact) > MAX_ALIKE) alike.shift();
  else count++;
  return contact;
}

function forgetOldest(): void {
  const [start, contacts] = kept.entries().next().value!;
  kept.delete(start);
  count -= contacts.length;
}
