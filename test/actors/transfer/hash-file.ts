import { readFile, stat } from 'node:fs/promises';
import type { HashedFile } from '../../../src/actors/hashing/contract.ts';
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
