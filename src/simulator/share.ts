import { toHex } from '../protocol/crypto/bytes.ts';
import { keyPairFromSeed, type SigningKey } from '../protocol/crypto/ed25519.ts';
import { shareIdOf } from '../protocol/objects/ids.ts';
import { encodeManifest, type Manifest, manifestId, signManifest } from '../protocol/objects/manifest.ts';
import { type ShareHead, signShareHead } from '../protocol/objects/share-head.ts';
import { keyOf } from './identity.ts';

/** One signed revision of a share. */
export interface Revision {
  readonly shareId: string;
  readonly shareKey: string;
  readonly seq: number;
  readonly head: ShareHead;
  readonly manifest: Manifest;
  readonly manifestOctets: Uint8Array;
}

/** The key of a share: a real one, the same for the same two numbers. */
export const shareKeyOf = (seed: number, index: number): SigningKey =>
  keyPairFromSeed(keyOf(seed ^ 0x5a_4e, index));

/** A revision with one small file, really signed. */
export function revisionOf(key: SigningKey, seq: number, unixSeconds: number): Revision {
  const manifest = signManifest(key, {
    version: 1,
    seq: BigInt(seq),
    createdAt: BigInt(unixSeconds),
    expiresAt: null,
    title: `revision ${seq}`,
    description: null,
    visibility: 'public',
    communities: [],
    items: [
      {
        contentId: new Uint8Array(32).fill(seq),
        size: 5,
        name: `file ${seq}.txt`,
        path: null,
        mime: null,
        tags: [],
        chunkCount: 1,
        chunkListHash: new Uint8Array(32).fill(9),
      },
    ],
    recommendedShares: [],
  });
  return {
    shareId: toHex(shareIdOf(key.publicKey)),
    shareKey: toHex(key.publicKey),
    seq,
    head: signShareHead(key, {
      latestSeq: BigInt(seq),
      latestManifestId: manifestId(manifest),
      updatedAt: BigInt(unixSeconds),
    }),
    manifest,
    manifestOctets: encodeManifest(manifest),
  };
}
