import { posix } from 'node:path';
import { chunkCount } from '../../protocol/objects/chunks.ts';
import type { CatalogItem } from '../share-types.ts';
import { mimeOf } from './mime-types.ts';

/** A file as the manifest lists it. `inside`: its path in the share; one at the top has a name and no path. */
export function catalogItem(
  inside: string,
  size: number,
  contentId: string,
  chunkListHash: string,
  tags: readonly string[],
): CatalogItem {
  const name = posix.basename(inside);
  return {
    contentId,
    size,
    name,
    path: name === inside ? null : inside,
    mime: mimeOf(name),
    tags,
    chunkCount: chunkCount(size),
    chunkListHash,
  };
}
