import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashFiles, identify } from '../../../src/actors/hashing/hash-files.ts';
import { HashingPool } from '../../../src/actors/hashing/pool.ts';
import { SPAN } from '../../../src/actors/hashing/pool-task.ts';
import { collect, contextOf, expected, pattern } from './world.ts';

let folder: string;
let pool: HashingPool;
let deaths: number;
let parts: ReturnType<typeof contextOf>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-pool-'));
  deaths = 0;
  parts = contextOf({});
  pool = new HashingPool({
    threads: 2,
    module: new URL('./poisonable-worker.ts', import.meta.url),
    spawn: (work) => parts.context.spawn(work),
    onDeath: () => deaths++,
  });
  await pool.all({ kind: 'hello' });
});
afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
  expect(parts.bugs).toEqual([]);
});

const never = new AbortController().signal;

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('a thread that dies of a file takes no other file with it', async () => {
  const contents = Array.from({ length: 20 }, (_, i) => pattern(1000 + i, i + 1));
  const paths = await Promise.all(contents.map((bytes, i) => write(`file ${i}`, bytes)));
  const large = pattern(6 * SPAN);
  paths.push(await write('large', large), await write('deadly', Buffer.from('x')));
  const { files, failed } = await collect(hashFiles(parts.context, pool, paths, never));
  for (const [i, bytes] of [...contents, large].entries())
    expect(files.get(i)).toMatchObject(expected(bytes));
  expect([...failed]).toEqual([[21, expect.objectContaining({ code: 'E_INTERNAL', subject: paths[21] })]]);
  expect(deaths).toBe(2);
});

test('a thread that dies in the middle of a large file', async () => {
  const deadly = await write('large-deadly-later', pattern(4 * SPAN));
  const fine = pattern(8 * SPAN + 1);
  const { files, failed } = await collect(
    hashFiles(parts.context, pool, [await write('fine', fine), deadly], never),
  );
  expect(files.get(0)).toMatchObject(expected(fine));
  expect([...failed.keys()]).toEqual([1]);
});

test('a thread that throws: the file fails, the thread lives', async () => {
  const throwing = await write('throws', Buffer.from('x'));
  await expect(identify(parts.context, pool, throwing, never)).rejects.toMatchObject({
    code: 'E_INTERNAL',
    subject: throwing,
  });
  expect(deaths).toBe(0);
  const path = await write('fine', Buffer.from('fine'));
  expect(await identify(parts.context, pool, path, never)).toEqual({
    contentId: expected(Buffer.from('fine')).contentId,
    size: 4,
  });
});

test('threads come and go while files are hashed, and each file is whole', async () => {
  const contents = [
    pattern(9 * SPAN + 5),
    pattern(7 * SPAN),
    ...Array.from({ length: 40 }, (_, i) => pattern(900 + i, i + 1)),
  ];
  const paths = await Promise.all(contents.map((bytes, i) => write(`file ${i}`, bytes)));
  const hashing = collect(hashFiles(parts.context, pool, paths, never));
  for (const threads of [4, 1, 3, 1, 2]) {
    pool.resize(threads);
    expect(pool.threads).toBe(threads);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
  const { files, failed } = await hashing;
  for (const [i, bytes] of contents.entries()) expect(files.get(i)).toMatchObject(expected(bytes));
  expect([failed.size, deaths]).toEqual([0, 0]);
  // Those that were let go are gone, not only passed over: what is asked of all is asked of two.
  expect((await pool.all({ kind: 'hello' })).length).toBe(2);
  // Without anything to do it ends at once.
  pool.resize(1);
  expect((await pool.all({ kind: 'hello' })).length).toBe(1);
});
