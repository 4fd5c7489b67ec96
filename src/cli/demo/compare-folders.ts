import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { failure } from '../../errors.ts';
import { createBlake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';

export interface Comparison {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Holds what was downloaded against what was published, by nothing but the two folders and the content ids of
 * the signed catalog: the same names, the same bytes, and each file the BLAKE3 hash it was asked for by.
 * `E_FILE_CORRUPT` names the first difference.
 */
export async function compareFolders(
  published: string,
  downloaded: string,
  contentIds: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Comparison> {
  const [here, there] = await Promise.all([filesOf(published), filesOf(downloaded)]);
  for (const path of here) if (!there.has(path)) throw different('this file was not downloaded', path);
  for (const path of there) if (!here.has(path)) throw different('this file was never published', path);
  let bytes = 0;
  for (const path of here) {
    signal.throwIfAborted();
    bytes += await compareFiles(join(published, path), join(downloaded, path), contentIds.get(path) ?? '');
  }
  return { files: here.size, bytes };
}

const PIECE = 4 << 20;

/** Length of the file, if both are equal and hash to the id. */
async function compareFiles(left: string, right: string, contentId: string): Promise<number> {
  await using a = await open(left);
  await using b = await open(right);
  const [pieceA, pieceB] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)];
  const hash = createBlake3();
  for (let at = 0; ; ) {
    const [{ bytesRead: readA }, { bytesRead: readB }] = await Promise.all([
      a.read(pieceA, 0, PIECE, at),
      b.read(pieceB, 0, PIECE, at),
    ]);
    const bytes = pieceB.subarray(0, readB);
    if (!pieceA.subarray(0, readA).equals(bytes)) throw different('other bytes than published', right);
    if (readB === 0) {
      if (toHex(hash.digest()) !== contentId) throw different('other bytes than its content id says', right);
      return at;
    }
    hash.update(bytes);
    at += readB;
  }
}

/** Paths of everything below that is no folder. */
async function filesOf(root: string): Promise<Set<string>> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return new Set(files.map((entry) => relative(root, join(entry.parentPath, entry.name))));
}

const different = (message: string, path: string) => failure('E_FILE_CORRUPT', message, { subject: path });
