import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { selfSigned } from './self-signed.ts';

/** A temporary folder for one benchmark, removed afterwards whatever happens. */
export async function inWorkplace<T>(work: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'granary-bench-'));
  try {
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Writes `size` bytes no chunk of which repeats, the same every time. */
export async function writeBytes(path: string, size: number, seed = 1): Promise<void> {
  const file = await open(path, 'w');
  const block = new Uint32Array(262_144);
  let state = seed >>> 0 || 1;
  try {
    for (let left = size; left > 0; left -= block.byteLength) {
      for (let i = 0; i < block.length; i++) {
        // xorshift32 (Marsaglia 2003): fast, and far from anything a cache or a disk would fold together.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        block[i] = state;
      }
      await file.write(new Uint8Array(block.buffer, 0, Math.min(left, block.byteLength)));
    }
  } finally {
    await file.close();
  }
}

/** Brings a file into the page cache: idle pages leave it between runs. */
export async function warm(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 1 << 20 }));
}

/** Has the system forget a file's pages, as far as it likes to: the next reads come from the disk. */
export async function evict(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
  await promisify(execFile)('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Key and certificate of the bare pump, as files. */
export async function pumpIdentity(root: string): Promise<{ key: string; cert: string }> {
  const identity = selfSigned('p256');
  const files = { key: join(root, 'pump.key'), cert: join(root, 'pump.crt') };
  await writeFile(files.key, identity.key);
  await writeFile(files.cert, identity.cert);
  return files;
}
