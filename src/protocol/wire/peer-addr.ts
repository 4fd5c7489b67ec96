import {
  type Codec,
  field,
  id32,
  nullable,
  octets,
  omittable,
  textStruct,
  u16,
  u64,
  variantOf,
} from '../cbor/codec.ts';
import type { Reader } from '../cbor/reader.ts';
import type { Writer } from '../cbor/writer.ts';

/** Where a node can be reached (SCP2P wire, section 5). */
export interface PeerAddr {
  /** 4 octets for IPv4, 16 for IPv6. */
  readonly ip: Uint8Array;
  readonly port: number;
  readonly transport: 'quic' | 'tcp';
  /** The node's Ed25519 public key, if the sender knows it. */
  readonly pubkeyHint: Uint8Array | null;
  /** Set when the node is reached through a relay's slot only; ip and port must not be dialled then. */
  readonly relayVia: RelayVia | null;
}

export interface RelayVia {
  readonly relayAddr: PeerAddr;
  readonly slotId: bigint;
}

const v4 = octets(4);
const v6 = octets(16);

const version = variantOf('V4', 'V6');
const ip: Codec<Uint8Array> = {
  read: (r) => (version.read(r) === 'V4' ? v4 : v6).read(r),
  write(w, value) {
    w.map(1);
    version.write(w, value.length === 4 ? 'V4' : 'V6');
    (value.length === 4 ? v4 : v6).write(w, value);
  },
};

// Addresses nest in themselves: the reader's depth limit ends that, so the codec may refer to itself late.
const relayVia: Codec<RelayVia> = textStruct<RelayVia>({
  relayAddr: field('relay_addr', { read: readPeerAddr, write: writePeerAddr }),
  slotId: field('slot_id', u64),
});

export const peerAddr: Codec<PeerAddr> = textStruct<PeerAddr>({
  ip: field('ip', ip),
  port: field('port', u16),
  transport: field('transport', variantOf('quic', 'tcp')),
  pubkeyHint: nullable('pubkey_hint', id32),
  relayVia: omittable('relay_via', relayVia),
});

export function readPeerAddr(r: Reader): PeerAddr {
  return peerAddr.read(r);
}

export function writePeerAddr(w: Writer, value: PeerAddr): void {
  peerAddr.write(w, value);
}
