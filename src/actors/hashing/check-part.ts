import { CHUNK_HASH_LENGTH, CHUNK_SIZE, chunkCount } from '../../protocol/objects/chunks.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { hashSpan } from './hash-span.ts';
import type { OpenFile } from './open-file.ts';

/** What a part of a file holds now: a hash for each chunk, and which of them the disk did not give. */
export interface PartHashes {
  readonly hashes: Uint8Array;
  /** Chunks counted from the begin of the part; their hashes are zeros. */
  readonly unreadable: readonly number[];
}

/**
 * Chunk hashes of a part, as far as there is file. `from` is at the border of a chunk. A disk that fails is asked chunk by
 * chunk, so that one bad sector costs one chunk. Throws ActorError.
 */
export function checkPart(
  file: Pick<OpenFile, 'look' | 'read' | 'check'>,
  from: number,
  to: number,
): PartHashes {
  const end = Math.min(to, file.look.size);
  if (end <= from) return { hashes: new Uint8Array(0), unreadable: [] };
  let found: PartHashes;
  try {
    found = { hashes: hashSpan(file, from, end, null, true)!, unreadable: [] };
  } catch (error) {
    if (!isDiskError(error)) throw error;
    found = chunkByChunk(file, from, end);
  }
  file.check();
  return found;
}

function chunkByChunk(file: Pick<OpenFile, 'read'>, from: number, end: number): PartHashes {
  const hashes = new Uint8Array(chunkCount(end - from) * CHUNK_HASH_LENGTH);
  const unreadable: number[] = [];
  for (let chunk = 0, at = from; at < end; chunk++, at += CHUNK_SIZE) {
    try {
      const hash = hashSpan(file, at, Math.min(at + CHUNK_SIZE, end), null, true)!;
      hashes.set(hash, chunk * CHUNK_HASH_LENGTH);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      unreadable.push(chunk);
    }
  }
  return { hashes, unreadable };
}

const isDiskError = (error: unknown): boolean => error instanceof ActorError && error.code === 'E_IO';
