import type { ContentSource } from '../../../src/actors/content-types.ts';
import type { CatalogItem, Revision } from '../../../src/actors/share-types.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { CHUNK_SIZE, chunkCount } from '../../../src/protocol/objects/chunks.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import {
  encodeManifest,
  type Manifest,
  type ManifestItem,
  manifestId,
  signManifest,
} from '../../../src/protocol/objects/manifest.ts';
import { shareHead, signShareHead } from '../../../src/protocol/objects/share-head.ts';

export const key = (seed: number): SigningKey => keyPairFromSeed(new Uint8Array(32).fill(seed));
export const idOf = (share: SigningKey): string => toHex(shareIdOf(share.publicKey));

/** A content that is told by its number: id, and the list of its chunk hashes. Short ones are hashed as files are. */
export function content(number: number, size = CHUNK_SIZE * 2 + number) {
  const chunks = chunkCount(size);
  const seed = blake3(Uint8Array.of(number & 255, number >> 8));
  const hashes =
    chunks <= 1
      ? seed.slice(0, 32 * chunks)
      : new Uint8Array(32 * chunks).map((_, i) => seed[i % 32]! ^ (i >> 5));
  return {
    contentId: toHex(chunks === 0 ? blake3(new Uint8Array()) : seed),
    size,
    hashes,
    chunkListHash: toHex(blake3(hashes)),
  };
}

export function item(number: number, change: Partial<CatalogItem> & { size?: number } = {}): CatalogItem {
  const { contentId, size, chunkListHash } = content(number, change.size);
  return {
    contentId,
    size,
    name: `file-${number}.bin`,
    path: null,
    mime: null,
    tags: [],
    chunkCount: chunkCount(size),
    chunkListHash,
    ...change,
  };
}

export function source(of: CatalogItem, change: Partial<ContentSource> = {}): ContentSource {
  return {
    contentId: of.contentId,
    path: `/data/${of.path ?? of.name}`,
    size: of.size,
    mtimeNs: 1_700_000_000_123_456_789n,
    ctimeNs: 1_700_000_000_987_654_321n,
    inode: 2n ** 63n + 5n,
    ...change,
  };
}

export function revision(
  shareId: string,
  items: readonly CatalogItem[],
  { sources, ...change }: Partial<Omit<Revision, 'sources'>> & { sources?: readonly ContentSource[] } = {},
): Revision {
  const listed = sources ?? items.map((each) => source(each));
  return {
    shareId,
    title: 'a title',
    public: true,
    items,
    sources: listed.map((each) => ({ ...each, inside: each.path.slice('/data/'.length) })),
    roots: [{ path: '/data', kind: 'folder', inside: '' }],
    tags: [],
    watch: false,
    recommended: [],
    seenSeq: 0,
    ...change,
  };
}

export function manifestItem(number: number, change: Partial<ManifestItem> = {}): ManifestItem {
  const { contentId, chunkListHash, ...rest } = item(number);
  return {
    ...rest,
    contentId: Buffer.from(contentId, 'hex'),
    chunkListHash: Buffer.from(chunkListHash, 'hex'),
    ...change,
  };
}

/** What somebody else publishes: head and manifest as octets, really signed. */
export function published(share: SigningKey, seq: number, change: Partial<Manifest> = {}) {
  const manifest = signManifest(share, {
    version: 1,
    seq: BigInt(seq),
    createdAt: 1_699_999_000n,
    expiresAt: null,
    title: `revision ${seq}`,
    description: 'of somebody else',
    visibility: 'public',
    communities: [],
    items: [manifestItem(1), manifestItem(seq + 100)],
    recommendedShares: [],
    ...change,
  });
  return {
    manifest,
    manifestId: toHex(manifestId(manifest)),
    offer: {
      shareId: idOf(share),
      head: head(share, seq, manifest),
      manifest: encodeManifest(manifest),
      source: 'tcp://192.0.2.1:7001',
    },
  };
}

export const head = (signer: SigningKey, seq: number, manifest: Manifest, later = 0n): Uint8Array =>
  encodeWith(
    shareHead,
    signShareHead(signer, {
      latestSeq: BigInt(seq),
      latestManifestId: manifestId(manifest),
      updatedAt: 1_700_000_000n + BigInt(seq) + later,
    }),
  );

export function subscription(share: SigningKey, peers: readonly string[] = ['tcp://192.0.2.1:7001']) {
  return {
    shareId: idOf(share),
    shareKey: toHex(share.publicKey),
    trust: 'normal' as const,
    weight: 1,
    peers,
  };
}
