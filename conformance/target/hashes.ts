import { CHUNK_HASH_LENGTH } from '../../src/protocol/objects/chunks.ts';
import type { ChunkHashList } from '../../src/protocol/wire/content.ts';

/** The hashes of a list, one by one. */
export function decodedHashes({ hashes }: ChunkHashList): Uint8Array[] {
  const count = hashes.length / CHUNK_HASH_LENGTH;
  return Array.from({ length: count }, (_, i) =>
    hashes.subarray(i * CHUNK_HASH_LENGTH, (i + 1) * CHUNK_HASH_LENGTH),
  );
}
