import { type ErrorCode, failure } from '../../errors.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import type { SigningKey } from '../../protocol/crypto/ed25519.ts';
import {
  encodeManifest,
  type Manifest,
  type ManifestItem,
  manifestId,
  manifestSigningInput,
  signManifest,
} from '../../protocol/objects/manifest.ts';
import {
  checkManifestContents,
  MANIFEST_LIMITS,
  type ManifestContentsFault,
} from '../../protocol/objects/manifest-contents.ts';
import { shareHead, signShareHead } from '../../protocol/objects/share-head.ts';
import { MAX_LISTED_CHUNKS } from '../../protocol/wire/content.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import { GET_MANIFEST } from '../../protocol/wire/message-types.ts';
import { encodeReply } from '../../protocol/wire/registry.ts';
import type { CatalogItem, Revision } from '../share-types.ts';
import { idOctets } from './hex-ids.ts';

/** What a revision says, without the number and the date that only a new one gets. */
export type Catalog = Omit<Manifest, 'signature' | 'seq' | 'createdAt'>;

export interface SignedRevision {
  readonly manifest: Manifest;
  readonly manifestId: Uint8Array;
  /** The manifest as it travels. */
  readonly octets: Uint8Array;
  readonly head: Uint8Array;
}

/** `E_SHARE_TOO_LARGE` for what the network cannot carry, `E_USAGE` for what is no catalog at all. */
export function catalogOf(revision: Revision, shareId: Uint8Array, shareKey: Uint8Array): Catalog {
  const catalog: Catalog = {
    version: 1,
    sharePubkey: shareKey,
    shareId,
    expiresAt: null,
    title: revision.title,
    description: null,
    visibility: revision.public ? 'public' : 'private',
    communities: [],
    items: revision.items.map(itemOf),
    recommendedShares: revision.recommended.map((id) => idOctets(id, 'share id')),
  };
  const verdict = checkManifestContents({ ...catalog, seq: 0n, createdAt: 0n, signature: null });
  if (!verdict.ok) throw refusal(verdict.reason, revision);
  const long = revision.items.find((item) => item.chunkCount > MAX_LISTED_CHUNKS);
  if (long !== undefined) {
    throw failure(
      'E_SHARE_TOO_LARGE',
      `a file of ${long.size} bytes has more chunks than one reply can list`,
      {
        subject: long.path ?? long.name,
        next: 'leave the file out: what is above 7.5 GiB cannot be carried',
      },
    );
  }
  return catalog;
}

/** Equal for two catalogs exactly when they say the same. */
export function catalogDigest(catalog: Catalog): Uint8Array {
  return blake3(manifestSigningInput({ ...catalog, seq: 0n, createdAt: 0n }));
}

/** `now` in unix seconds. */
export function signRevision(key: SigningKey, catalog: Catalog, seq: bigint, now: number): SignedRevision {
  const manifest = signManifest(key, { ...catalog, seq, createdAt: BigInt(now) });
  const id = manifestId(manifest);
  const octets = encodeManifest(manifest);
  const reply = encodeReply(GET_MANIFEST, { manifestId: id, bytes: octets });
  if (reply.length > MAX_PAYLOAD) {
    throw failure(
      'E_SHARE_TOO_LARGE',
      `its list takes ${reply.length} bytes, the network carries ${MAX_PAYLOAD}: ${catalog.items.length} files with long names`,
    );
  }
  const head = signShareHead(key, { latestSeq: seq, latestManifestId: id, updatedAt: BigInt(now) });
  return { manifest, manifestId: id, octets, head: encodeWith(shareHead, head) };
}

function itemOf(item: CatalogItem): ManifestItem {
  return {
    contentId: idOctets(item.contentId, 'content id'),
    size: item.size,
    name: item.name,
    path: item.path,
    mime: item.mime,
    tags: item.tags,
    chunkCount: item.chunkCount,
    chunkListHash: idOctets(item.chunkListHash, 'chunk list hash'),
  };
}

function refusal(fault: ManifestContentsFault, { items, title }: Revision): unknown {
  const tooLarge: Partial<Record<ManifestContentsFault, string>> = {
    'too-many-items': `${items.length} files: one share carries ${MANIFEST_LIMITS.items}`,
    'too-many-chunks': `more than ${MANIFEST_LIMITS.chunks} chunks of 256 KiB, which is what one share carries`,
    'total-size': 'more bytes than can be counted',
  };
  const code: ErrorCode = tooLarge[fault] === undefined ? 'E_USAGE' : 'E_SHARE_TOO_LARGE';
  const message = tooLarge[fault] ?? `the catalog cannot be published: ${fault}`;
  return failure(code, message, { subject: title ?? undefined });
}
