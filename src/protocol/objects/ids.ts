import { sha256 } from '../crypto/sha256.ts';

/** First 20 octets of SHA-256 of a node's public key: its place in the DHT. */
export type NodeId = Uint8Array;
/** SHA-256 of a share's public key, 32 octets. A community is named the same way. */
export type ShareId = Uint8Array;
/** BLAKE3 of a file, 32 octets. */
export type ContentId = Uint8Array;
/** BLAKE3 of the fields of a signed manifest, 32 octets. */
export type ManifestId = Uint8Array;

export const NODE_ID_LENGTH = 20;

export function nodeIdOf(nodeKey: Uint8Array): NodeId {
  return sha256(nodeKey).slice(0, NODE_ID_LENGTH);
}

export function shareIdOf(sharePubkey: Uint8Array): ShareId {
  return sha256(sharePubkey);
}

/** Where a DHT key of 32 octets lies among the node ids. */
export function targetOf(dhtKey: Uint8Array): NodeId {
  return dhtKey.slice(0, NODE_ID_LENGTH);
}

/** XOR of two node ids. */
export function distance(a: NodeId, b: NodeId): Uint8Array {
  return a.map((octet, i) => octet ^ b[i]!);
}

/** Negative when `a` is nearer to the target than `b`, positive when farther: for sorting nearest first. */
export function compareDistance(target: NodeId, a: NodeId, b: NodeId): number {
  for (let i = 0; i < target.length; i++) {
    const difference = (target[i]! ^ a[i]!) - (target[i]! ^ b[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Leading zero bits of the distance: 0 for the far half of all ids, 160 for the id itself. */
export function bucketIndex(own: NodeId, other: NodeId): number {
  for (let i = 0; i < own.length; i++) {
    const between = own[i]! ^ other[i]!;
    if (between !== 0) return 8 * i + Math.clz32(between) - 24;
  }
  return 8 * own.length;
}
