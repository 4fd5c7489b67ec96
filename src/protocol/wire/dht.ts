import {
  arrayOf,
  byteString,
  type Codec,
  field,
  fixedByteString,
  intStruct,
  nullable,
} from '../cbor/codec.ts';
import { type PeerAddr, peerAddr } from './peer-addr.ts';

const key32 = fixedByteString(32);

// The reference passes this one field through a signed integer: from 2^63 it writes a negative number, which no
// decoder takes back (SCP2P wire, section 1).
const ttl: Codec<bigint> = { read: (r) => r.u64(), write: (w, value) => w.int(BigInt.asIntN(64, value)) };

/** 200 as a request: the nodes nearest to a target of 20 octets. */
export interface FindNode {
  readonly targetNodeId: Uint8Array;
}

export const findNode = intStruct<FindNode>({ targetNodeId: field('target_node_id', fixedByteString(20)) });

/** 200 as a reply. */
export interface FindNodeResult {
  readonly peers: readonly PeerAddr[];
}

export const findNodeResult = intStruct<FindNodeResult>({ peers: field('peers', arrayOf(peerAddr)) });

/** 201 as a request. */
export interface FindValue {
  readonly key: Uint8Array;
}

export const findValue = intStruct<FindValue>({ key: field('key', key32) });

/** 202 as a request, and the value inside a reply to 201; the ttl there is what remains. */
export interface Store {
  readonly key: Uint8Array;
  /** A view on the message it came in. */
  readonly value: Uint8Array;
  readonly ttlSecs: bigint;
}

export const store = intStruct<Store>({
  key: field('key', key32),
  value: field('value', byteString),
  ttlSecs: field('ttl_secs', ttl),
});

/** 201 as a reply. */
export interface FindValueResult {
  readonly value: Store | null;
  readonly closerPeers: readonly PeerAddr[];
}

export const findValueResult = intStruct<FindValueResult>({
  value: nullable('value', store),
  closerPeers: field('closer_peers', arrayOf(peerAddr)),
});
