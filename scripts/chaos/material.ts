import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Bytes that are a function of the words alone, no two alike, and that no disk folds together. */
export function bytesOf(words: string, size: number): Buffer {
  const key = createHash('sha256').update(words).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));
  return cipher.update(Buffer.alloc(size));
}

/** Writes a file of such bytes, with the folders it needs. */
export async function makeFile(folder: string, name: string, words: string, size: number): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytesOf(words, size));
}

/** Sizes of small files: most below a chunk, each eleventh of two. */
export const smallSize = (index: number): number => (index % 11 === 10 ? 300_000 : 1_000 + 97 * (index % 37));
