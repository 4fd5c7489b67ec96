import {
  arrayOf,
  type Codec,
  field,
  id32,
  nullable,
  textStruct,
  u16,
  u64,
  variantOf,
} from '../cbor/codec.ts';
import type { Reader } from '../cbor/reader.ts';
import { Writer } from '../cbor/writer.ts';
import { type SigningKey, sign, verifyStrict } from '../crypto/ed25519.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../dialect.ts';
import {
  type Capabilities,
  capabilitiesOf,
  type ReceivedCapabilities,
  writeCapabilities,
} from '../wire/capabilities.ts';
import { type PeerAddr, peerAddr } from '../wire/peer-addr.ts';
import { signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** What a relay offers; a promise nobody checks. */
export interface RelayCapacity {
  readonly maxTunnels: number;
  readonly bandwidthClass: 'Low' | 'Medium' | 'High';
  readonly maxBytesPerTunnel: bigint | null;
}

/**
 * A relay's signed word of where it is (SCP2P wire, section 9.6). The number of capability keys is part of what is
 * signed: an announcement is one of dialect 1 or of dialect 2, and fails in the other.
 */
export interface RelayAnnouncement {
  readonly relayPubkey: Uint8Array;
  readonly relayAddrs: readonly PeerAddr[];
  readonly capabilities: ReceivedCapabilities;
  readonly capacity: RelayCapacity;
  readonly issuedAt: bigint;
  readonly expiresAt: bigint;
  readonly signature: Uint8Array;
}

/** The longest life of an announcement, in seconds. */
export const MAX_ANNOUNCEMENT_LIFE = 21_600n;

const capacity = textStruct<RelayCapacity>({
  maxTunnels: field('max_tunnels', u16),
  bandwidthClass: field('bandwidth_class', variantOf('Low', 'Medium', 'High')),
  maxBytesPerTunnel: nullable('max_bytes_per_tunnel', u64),
});

function codecOf(dialect: Dialect): Codec<RelayAnnouncement> {
  return textStruct<RelayAnnouncement>({
    relayPubkey: field('relay_pubkey', id32),
    relayAddrs: field('relay_addrs', arrayOf(peerAddr)),
    // The reader always says how many keys there were.
    capabilities: field('capabilities', capabilitiesOf(dialect) as Codec<ReceivedCapabilities>),
    capacity: field('capacity', capacity),
    issuedAt: field('issued_at', u64),
    expiresAt: field('expires_at', u64),
    signature: field('signature', signatureBytes),
  });
}

const fiveKeys = codecOf(DIALECT_1);
const eightKeys = codecOf(DIALECT_2);

/** Reads an announcement of either dialect; `capabilities.keys` says which. Throws DecodeError. */
export function readRelayAnnouncement(r: Reader): RelayAnnouncement {
  return eightKeys.read(r);
}

export function writeRelayAnnouncement(w: Writer, a: RelayAnnouncement, dialect: Dialect): void {
  (dialect.capabilityKeys === 5 ? fiveKeys : eightKeys).write(w, a);
}

export function relayAnnouncementSigningInput(
  a: Omit<RelayAnnouncement, 'signature' | 'capabilities'> & { readonly capabilities: Capabilities },
  dialect: Dialect,
): Uint8Array {
  const w = new Writer();
  w.array(6).byteArray(a.relayPubkey);
  arrayOf(peerAddr).write(w, a.relayAddrs);
  writeCapabilities(w, a.capabilities, dialect);
  capacity.write(w, a.capacity);
  return w.uint(a.issuedAt).uint(a.expiresAt).finish();
}

export function signRelayAnnouncement(
  key: SigningKey,
  dialect: Dialect,
  fields: Omit<RelayAnnouncement, 'signature' | 'relayPubkey' | 'capabilities'> & {
    readonly capabilities: Capabilities;
  },
): RelayAnnouncement {
  const capabilities = { ...fields.capabilities, keys: dialect.capabilityKeys };
  const unsigned = { ...fields, capabilities, relayPubkey: key.publicKey };
  const signature = sign(key.privateKey, relayAnnouncementSigningInput(unsigned, dialect));
  return { ...unsigned, signature };
}

export type RelayAnnouncementFault =
  | 'no-relay-capability'
  | 'lifetime'
  | 'no-address'
  | 'relayed-address'
  | 'signature';

/**
 * Structure and signature, in the dialect the announcement came in or in the one named. Whether it is still fresh is
 * another question: `isFresh`.
 */
export function verifyRelayAnnouncement(
  a: RelayAnnouncement,
  capabilityKeys: 5 | 8 = a.capabilities.keys,
): Verdict<RelayAnnouncementFault> {
  if (!a.capabilities.relay) return invalid('no-relay-capability');
  if (a.expiresAt <= a.issuedAt || a.expiresAt - a.issuedAt > MAX_ANNOUNCEMENT_LIFE)
    return invalid('lifetime');
  if (a.relayAddrs.length === 0) return invalid('no-address');
  if (a.relayAddrs.some((address) => address.relayVia !== null)) return invalid('relayed-address');
  const input = relayAnnouncementSigningInput(a, capabilityKeys === 5 ? DIALECT_1 : DIALECT_2);
  return verifyStrict(a.relayPubkey, input, a.signature) ? VALID : invalid('signature');
}

/** Whether the announcement still counts; in the second of its expiry it no longer does. */
export function isFresh(a: RelayAnnouncement, now: bigint): boolean {
  return now < a.expiresAt;
}
