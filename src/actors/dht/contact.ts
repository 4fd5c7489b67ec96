import { parseAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import { reachOf } from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOf } from '../../protocol/addresses/neighbourhood.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { type NodeId, nodeIdOf } from '../../protocol/objects/ids.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';

/** A node and where it is. Immutable, and one object for all tables and lookups of a thread that know it. */
export interface Contact {
  /** 64 hex digits. */
  readonly nodeKey: string;
  readonly id: NodeId;
  /** `tcp://ip:port` or `quic://ip:port` */
  readonly address: string;
  /** Whom it is counted with (`neighbourhoodOf`); null: an address of a local network, where all are neighbours. */
  readonly neighbourhood: string | null;
  /** As others are told of it. */
  readonly peer: PeerAddr;
}

/** Contacts kept, the oldest goes: the same nodes are told of again and again. */
const MAX_KEPT = 65_536;
const kept = new Map<string, Contact>();

/** Null for what is no key or no address of the wire. */
export function contactOf(nodeKey: string, address: string): Contact | null {
  const name = `${address}@${nodeKey}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const key = fromHex(nodeKey, 32);
  const parsed = parseAddress(address);
  const ip = parsed.ok ? parseIp(parsed.address.host) : null;
  if (key === null || !parsed.ok || ip === null) return null;
  const contact: Contact = {
    nodeKey,
    id: nodeIdOf(key),
    address,
    neighbourhood: reachOf(ip) === 'public' ? neighbourhoodOf(parsed.address.host) : null,
    peer: {
      ip,
      port: parsed.address.port,
      transport: parsed.address.transport,
      pubkeyHint: key,
      relayVia: null,
    },
  };
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(name, contact);
  return contact;
}
