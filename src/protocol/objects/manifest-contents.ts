import { chunkCount } from './chunks.ts';
import { MAX_ITEMS, MAX_TAGS, type Manifest, type ManifestItem } from './manifest.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** Bounds on what we take into our catalog and put into our own manifests; lengths in octets of UTF-8. */
export const MANIFEST_LIMITS = {
  items: MAX_ITEMS,
  /** The network's own bound on the sum of the chunk counts. */
  chunks: 100_000,
  name: 1024,
  path: 4096,
  mime: 256,
  tags: MAX_TAGS,
  tag: 64,
  title: 1024,
  description: 16_384,
  communities: 1024,
  recommendedShares: 1024,
} as const;

export type ManifestContentsFault =
  | 'too-many-items'
  | 'too-many-chunks'
  | 'total-size'
  | 'chunk-count'
  | 'too-long'
  | 'too-many-tags'
  | 'too-many-ids'
  | 'bad-text';

/**
 * Whether what a manifest says holds together and stays within bounds, whoever signed it: each chunk count is that of
 * the size, sums do not wrap, texts are short and have neither NUL nor lone surrogates. Names and paths may still be
 * hostile: they are judged where files are written.
 */
export function checkManifestContents(manifest: Manifest): Verdict<ManifestContentsFault> {
  const limits = MANIFEST_LIMITS;
  if (manifest.items.length > limits.items) return invalid('too-many-items');
  if (manifest.communities.length > limits.communities) return invalid('too-many-ids');
  if (manifest.recommendedShares.length > limits.recommendedShares) return invalid('too-many-ids');
  const texts = firstFault(
    textFault(manifest.title, limits.title),
    textFault(manifest.description, limits.description),
  );
  if (texts !== null) return invalid(texts);
  let chunks = 0;
  let octets = 0;
  for (const item of manifest.items) {
    const fault = itemFault(item);
    if (fault !== null) return invalid(fault);
    chunks += item.chunkCount;
    octets += item.size;
    // Two numbers below 2^53 add up exactly enough to see that they passed it.
    if (octets > Number.MAX_SAFE_INTEGER) return invalid('total-size');
  }
  return chunks > limits.chunks ? invalid('too-many-chunks') : VALID;
}

function itemFault(item: ManifestItem): ManifestContentsFault | null {
  const limits = MANIFEST_LIMITS;
  if (item.chunkCount !== chunkCount(item.size)) return 'chunk-count';
  if (item.tags.length > limits.tags) return 'too-many-tags';
  return firstFault(
    textFault(item.name, limits.name),
    textFault(item.path, limits.path),
    textFault(item.mime, limits.mime),
    ...item.tags.map((tag) => textFault(tag, limits.tag)),
  );
}

function textFault(text: string | null, limit: number): ManifestContentsFault | null {
  if (text === null) return null;
  if (Buffer.byteLength(text) > limit) return 'too-long';
  return text.includes('\0') || !text.isWellFormed() ? 'bad-text' : null;
}

function firstFault(...faults: readonly (ManifestContentsFault | null)[]): ManifestContentsFault | null {
  return faults.find((fault) => fault !== null) ?? null;
}
