import { type Blake3, blake3, createBlake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH, CHUNK_SIZE, chunkCount, chunkListHash } from '../../protocol/objects/chunks.ts';
import type { OpenFile } from './open-file.ts';
import type { ScanOutcome } from './pool-task.ts';

/** Read at once and hashed while it is still in the core's cache; a multiple of the chunk. */
const BLOCK = 1 << 20;

/**
 * One for the thread, for ever. Large allocations begin 16 octets into a page, and some processors copy to there at a
 * fifth of the speed.
 */
const block = new Uint8Array(new ArrayBuffer(BLOCK + 64), 64, BLOCK);

/**
 * Reads part of a file once and feeds it to the whole-file hash, if there is one, and to a hash for each chunk,
 * if `chunks` says so. `from` is at the border of a chunk. Throws ActorError.
 */
export function hashSpan(
  file: Pick<OpenFile, 'read'>,
  from: number,
  to: number,
  whole: Blake3 | null,
  chunks: boolean,
): Uint8Array | null {
  const hashes = chunks ? new Uint8Array(chunkCount(to - from) * CHUNK_HASH_LENGTH) : null;
  let place = 0;
  for (let at = from; at < to; at += BLOCK) {
    const part = block.subarray(0, Math.min(BLOCK, to - at));
    file.read(part, at);
    whole?.update(part);
    if (hashes === null) continue;
    for (let start = 0; start < part.length; start += CHUNK_SIZE, place += CHUNK_HASH_LENGTH) {
      hashes.set(blake3(part.subarray(start, start + CHUNK_SIZE)), place);
    }
  }
  return hashes;
}

/** Everything about a file that one task can read. Throws ActorError. */
export function hashSmallFile(file: OpenFile, chunks: boolean): ScanOutcome & { kind: 'hashed' } {
  const { look } = file;
  // The only chunk of a file is the file: one hash is both.
  const whole = chunks && look.size > 0 && look.size <= CHUNK_SIZE ? null : createBlake3();
  const hashes = hashSpan(file, 0, look.size, whole, chunks) ?? new Uint8Array(0);
  file.check();
  return {
    kind: 'hashed',
    look,
    contentId: toHex(whole?.digest() ?? hashes),
    hashes,
    chunkListHash: toHex(chunkListHash([hashes])),
  };
}
