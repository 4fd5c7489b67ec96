import { CHUNK_SIZE, chunkCount } from '../../../protocol/objects/chunks.ts';
import { ChunkMap } from '../../chunk-map.ts';
import type { WrongFile } from '../../recheck-types.ts';

/** Of these nothing is known: neither that they are right nor that they are not. */
const UNKNOWN = new Set<WrongFile['state']>(['offline', 'busy']);

/** The chunks of a file that are not right; null: which ones is not known. */
export function badMap({ size, bad }: Pick<WrongFile, 'size' | 'bad'>): ChunkMap | null {
  return bad === null ? null : ChunkMap.from(chunkCount(size), bad);
}

/**
 * What is wrong with a file, chunk by chunk. One that cannot be read at all is wrong from its first octet on, and one that
 * is too long behind its last.
 */
export function badChunks(file: Pick<WrongFile, 'state' | 'size' | 'bad'>, most: number): number[] {
  if (UNKNOWN.has(file.state) || most < 1) return [];
  const map = badMap(file);
  const chunks: number[] = [];
  if (map === null) return [0];
  for (let chunk = 0; chunk < map.chunks && chunks.length < most; chunk++) {
    if (map.has(chunk)) chunks.push(chunk);
  }
  if (file.state === 'long' && chunks.length < most) chunks.push(map.chunks);
  return chunks;
}

export function badCount(file: Pick<WrongFile, 'state' | 'size' | 'bad'>): number {
  if (UNKNOWN.has(file.state)) return 0;
  const map = badMap(file);
  if (map === null) return 1;
  return map.count + (file.state === 'long' ? 1 : 0);
}

/** Where a chunk begins; behind the last one, where the file should end. */
export const offsetOf = (chunk: number, size: number): number => Math.min(chunk * CHUNK_SIZE, size);
