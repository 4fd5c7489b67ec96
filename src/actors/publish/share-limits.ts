import { setImmediate } from 'node:timers/promises';
import { failure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { chunkCount } from '../../protocol/objects/chunks.ts';
import { encodeManifest, type ManifestItem } from '../../protocol/objects/manifest.ts';
import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';
import { MAX_LISTED_CHUNKS } from '../../protocol/wire/content.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { catalogItem } from './catalog-item.ts';
import type { FileWalk, FoundFile } from './file-walk.ts';

/** Octets by which the real list of files may be shorter than the one made of stand-ins. */
const SLACK = 4096;
/** Files whose lines are made before others on this thread get their turn. */
const SLICE = 128;

/**
 * What the network cannot carry, found before a byte is hashed: `E_SHARE_TOO_LARGE` with what is too much and how much
 * it is. Null: by the sizes seen, the share can be published.
 */
export async function tooLarge(
  walk: FileWalk,
  title: string | null,
  tags: readonly string[],
): Promise<ActorError | null> {
  if (walk.tooMany) {
    const count = walk.gaveUp ? `more than ${words(walk.count - 1)}` : words(walk.count);
    return failure('E_SHARE_TOO_LARGE', `${count} files: one share carries ${words(MANIFEST_LIMITS.items)}`);
  }
  const huge = walk.files.filter(({ size }) => chunkCount(size) > MAX_LISTED_CHUNKS);
  if (huge.length > 0) {
    const more = huge.length > 1 ? `, and ${huge.length - 1} more like it` : '';
    return failure(
      'E_SHARE_TOO_LARGE',
      `a file of ${words(huge[0]!.size)} bytes is longer than the 7.5 GiB that the network carries${more}`,
      { subject: huge[0]!.path, next: 'leave files of more than 7.5 GiB out' },
    );
  }
  const chunks = walk.files.reduce((sum, { size }) => sum + chunkCount(size), 0);
  if (chunks > MANIFEST_LIMITS.chunks) {
    return failure(
      'E_SHARE_TOO_LARGE',
      `${words(chunks)} chunks of 256 KiB, ${words(walk.bytes)} bytes in all: one share carries ${words(MANIFEST_LIMITS.chunks)} chunks, which is 24.4 GiB`,
    );
  }
  const octets = await listLength(walk.files, title, tags);
  if (octets - SLACK > MAX_PAYLOAD) {
    return failure(
      'E_SHARE_TOO_LARGE',
      `the list of its ${words(walk.count)} files takes about ${words(octets)} bytes, with their names: the network carries ${words(MAX_PAYLOAD)}`,
    );
  }
  return null;
}

/**
 * Octets of the manifest, nearly. Hashes are lists of numbers there, so that their length depends on their octets:
 * other hashes stand in for those that nobody knows yet, and over thousands of them the length is the same.
 */
async function listLength(
  files: readonly FoundFile[],
  title: string | null,
  tags: readonly string[],
): Promise<number> {
  const empty = manifestLength([], title, tags);
  let octets = empty;
  for (let at = 0; at < files.length; at += SLICE) {
    if (at > 0) await setImmediate();
    octets += manifestLength(files.slice(at, at + SLICE), title, tags) - empty;
  }
  return octets;
}

function manifestLength(files: readonly FoundFile[], title: string | null, tags: readonly string[]): number {
  return encodeManifest({
    version: 1,
    sharePubkey: new Uint8Array(32).fill(255),
    shareId: new Uint8Array(32).fill(255),
    seq: 1n,
    createdAt: 1n << 32n,
    expiresAt: null,
    title,
    description: null,
    visibility: 'private',
    communities: [],
    items: files.map((file) => standInItem(file, tags)),
    recommendedShares: [],
    signature: new Uint8Array(64),
  }).length;
}

function standInItem({ inside, size }: FoundFile, tags: readonly string[]): ManifestItem {
  const hash = blake3(Buffer.from(inside));
  return { ...catalogItem(inside, size, '', '', tags), contentId: hash, chunkListHash: hash };
}

const words = (count: number): string => count.toLocaleString('en-US');
