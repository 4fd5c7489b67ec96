import { failure } from '../../errors.ts';
import { CHUNK_SIZE, chunkCount } from '../../protocol/objects/chunks.ts';
import { MAX_LISTED_CHUNKS } from '../../protocol/wire/content.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { type FileWalk, MAX_FILES } from './file-walk.ts';
import type { SkippedFile, SkippedFiles } from './skipped-files.ts';

/** Chunks of a file whose list the network's reference can write, 4.06 GiB: it writes hashes as lists of numbers. */
const REFERENCE_LISTED_CHUNKS = 16_384;
/** Named one by one at most. */
const MAX_NAMED = 1_000;

/** `E_SHARE_TOO_LARGE` when there are more files than one publish keeps in mind; null: there are not. */
export function tooMany(walk: FileWalk): ActorError | null {
  if (!walk.tooMany) return null;
  return failure(
    'E_SHARE_TOO_LARGE',
    `more than ${words(MAX_FILES)} files: that is what one share is made for`,
  );
}

/** Leaves out what nobody could get: files whose hash list fits no reply. */
export function leaveOutHuge(walk: FileWalk, skipped: SkippedFiles): void {
  const huge = walk.takeOut(({ size }) => chunkCount(size) > MAX_LISTED_CHUNKS);
  const most = gibibytes(MAX_LISTED_CHUNKS);
  for (const { path } of huge) skipped.add(path, `longer than ${most} GiB: the network cannot carry it`);
}

/** Files that nodes of the reference get from here, and cannot pass on to others. */
export function limitedFiles(
  files: readonly { readonly path: string; readonly size: number }[],
): SkippedFile[] {
  const most = gibibytes(REFERENCE_LISTED_CHUNKS);
  return files
    .filter(({ size }) => chunkCount(size) > REFERENCE_LISTED_CHUNKS)
    .slice(0, MAX_NAMED)
    .map(({ path }) => ({
      path,
      reason: `longer than ${most} GiB: nodes of the reference get it from Granary nodes alone`,
    }));
}

const gibibytes = (chunks: number): string =>
  ((chunks * CHUNK_SIZE) / 2 ** 30).toFixed(2).replace(/\.?0+$/, '');

const words = (count: number): string => count.toLocaleString('en-US');
