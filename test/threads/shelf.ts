import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Bytes that no two files share and no file system stores as a hole. */
function bytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  const block = createHash('sha512').update(`${seed}`).digest();
  for (let at = 0; at < size; at += 64) {
    block.writeUInt32LE(at >>> 6, 0);
    block.copy(bytes, at, 0, Math.min(64, size - at));
  }
  return bytes;
}

/** A folder of files of these sizes. Each has the words `blue train` in its name, and a number of its own. */
export async function makeShelf(folder: string, sizes: readonly number[], seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, size] of sizes.entries()) {
    await writeFile(join(folder, `blue train ${seed}-${index}.flac`), bytesOf(seed * 1000 + index, size));
  }
}

/** Changes the times of all files: the next publish has to hash them again. */
export async function touch(folder: string, seconds: number): Promise<void> {
  for (const name of await readdir(folder)) await utimes(join(folder, name), seconds, seconds);
}

/** SHA-256 by path; hidden files are not finished ones. */
export async function digests(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const hash = createHash('sha256');
      for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
      return [relative(folder, path), hash.digest('hex')] as const;
    }),
  );
  return Object.fromEntries(found.sort());
}

/** Changes one byte, so that the file has another content. */
export async function change(path: string, round: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from([round & 0xff, round >>> 8]), 0, 2, 0);
  await file.close();
}
