import { blake3, createBlake3 } from '../crypto/blake3.ts';

/** Octets of every chunk but the last. */
export const CHUNK_SIZE = 262_144;
export const CHUNK_HASH_LENGTH = 32;

/** Number of chunks of a file of `size` octets; an empty file has none. */
export function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK_SIZE);
}

/** Octets of chunk `index` of a file; 0 beyond its end. */
export function chunkLength(size: number, index: number): number {
  return Math.max(0, Math.min(CHUNK_SIZE, size - index * CHUNK_SIZE));
}

/** Hash of one chunk. */
export function chunkHash(chunk: Uint8Array): Uint8Array {
  return blake3(chunk);
}

/** Hash of the list: of the raw hashes in order, one after another. */
export function chunkListHash(hashes: Iterable<Uint8Array>): Uint8Array {
  const state = createBlake3();
  for (const hash of hashes) state.update(hash);
  return state.digest();
}
