import { readFile, stat } from 'node:fs/promises';
import type { CheckEvent, FilePart, HashedFile } from '../../../src/actors/hashing/contract.ts';
import pool from '../../../src/actors/hashing/pool-worker.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { hashesOf } from './scripted-provider.ts';

/** What the pool would say of a file. */
export async function hashFile(index: number, path: string): Promise<HashedFile> {
  const bytes = new Uint8Array(await readFile(path));
  const { mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  const hashes = hashesOf(bytes);
  return {
    index,
    contentId: toHex(blake3(bytes)),
    size: bytes.length,
    hashes,
    chunkListHash: toHex(blake3(hashes)),
    mtimeNs,
    ctimeNs,
    inode: ino,
  };
}

/** What the pool says of a part of a file. */
export function checkNow(index: number, part: FilePart): CheckEvent {
  const result = pool({ kind: 'check', parts: [part] });
  if (result.kind !== 'check') throw new Error(result.kind);
  const [outcome] = result.outcomes;
  if (outcome!.kind === 'failed') return { kind: 'failed', index, error: outcome!.error };
  const { look, hashes, unreadable } = outcome!;
  const { size, mtimeNs, ctimeNs, inode } = look;
  return { kind: 'checked', parts: [{ index, size, mtimeNs, ctimeNs, inode, hashes, unreadable }] };
}
