import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PIECE = 1024 * 1024;

/** A file of so many random octets. */
export async function randomFile(path: string, size: number): Promise<string> {
  function* pieces() {
    for (let at = 0; at < size; at += PIECE) yield randomFillSync(Buffer.alloc(Math.min(PIECE, size - at)));
  }
  await pipeline(Readable.from(pieces()), createWriteStream(path));
  return path;
}

/** A folder of small files, some in folders of their own. */
export async function randomFolder(path: string, count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    const folder = join(path, i % 3 === 0 ? '' : `part ${i % 7}`);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, `file-${String(i).padStart(4, '0')}.dat`),
      randomFillSync(Buffer.alloc(1 + i * 37)),
    );
  }
  return path;
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
