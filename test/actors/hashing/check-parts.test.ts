import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPart } from '../../../src/actors/hashing/check-part.ts';
import { checkParts } from '../../../src/actors/hashing/check-parts.ts';
import type { CheckedPart, FilePart } from '../../../src/actors/hashing/contract.ts';
import { hashFiles } from '../../../src/actors/hashing/hash-files.ts';
import { HashingPool, type JobStep, type PoolJob } from '../../../src/actors/hashing/pool.ts';
import { SPAN } from '../../../src/actors/hashing/pool-task.ts';
import { ioFailure } from '../../../src/errors.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { collect, contextOf, expected, pattern } from './world.ts';

let folder: string;
let pool: HashingPool;
let parts: ReturnType<typeof contextOf>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-check-'));
  parts = contextOf({});
  pool = new HashingPool({
    threads: 2,
    module: new URL('./poisonable-worker.ts', import.meta.url),
    spawn: (work) => parts.context.spawn(work),
    onDeath() {},
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

async function check(list: readonly FilePart[], gentle = false, signal = never) {
  const checked = new Map<number, CheckedPart>();
  const failed = new Map<number, string>();
  for await (const event of checkParts(parts.context, pool, list, gentle, signal)) {
    if (event.kind === 'failed') failed.set(event.index, event.error.code);
    else for (const part of event.parts) checked.set(part.index, part);
  }
  return { checked, failed };
}

test.each([false, true])('parts give the chunk hashes of what lies there (gentle: %s)', async (gentle) => {
  const large = pattern(2 * SPAN + 3 * CHUNK_SIZE + 7);
  const path = await write('large', large);
  const small = await write('small', pattern(5));
  const { checked, failed } = await check(
    [
      { path, from: 0, to: SPAN },
      { path, from: SPAN, to: 2 * SPAN },
      { path, from: 2 * SPAN, to: large.length },
      { path: small, from: 0, to: 5 },
      // Longer than what is there, and beyond it.
      { path: small, from: 0, to: CHUNK_SIZE },
      { path: small, from: CHUNK_SIZE, to: 2 * CHUNK_SIZE },
      { path: await write('empty', new Uint8Array(0)), from: 0, to: 0 },
    ],
    gentle,
  );
  expect(failed.size).toBe(0);
  const hashes = Buffer.concat([0, 1, 2].map((index) => checked.get(index)!.hashes));
  expect(hashes.equals(expected(large).hashes)).toBe(true);
  expect(checked.get(0)).toMatchObject({ size: large.length, unreadable: [] });
  expect(checked.get(3)!.hashes).toEqual(expected(pattern(5)).hashes);
  expect(checked.get(4)).toMatchObject({ size: 5, hashes: checked.get(3)!.hashes });
  expect(checked.get(5)!.hashes).toHaveLength(0);
  expect(checked.get(6)).toMatchObject({ size: 0, hashes: new Uint8Array(0) });
  expect(parts.metrics.get('bytes_checked')).toBe(large.length + 10);
});

test('what cannot be read fails alone; a thread that dies of a part takes no other one with it', async () => {
  const link = join(folder, 'link');
  await symlink(await write('fine', pattern(9)), link);
  const list = ['fine', 'gone', 'link', 'deadly', 'throws'].map((name) => ({
    path: join(folder, name),
    from: 0,
    to: 9,
  }));
  await write('deadly', pattern(1));
  await write('throws', pattern(1));
  const { checked, failed } = await check(list);
  expect([...checked.keys()]).toEqual([0]);
  expect([...failed].sort()).toEqual([
    [1, 'E_NOT_FOUND'],
    [2, 'E_PATH_INVALID'],
    [3, 'E_INTERNAL'],
    [4, 'E_INTERNAL'],
  ]);
});

test('a disk that fails in one place costs the chunk there', () => {
  const bytes = pattern(5 * CHUNK_SIZE + 3);
  const bad = 2 * CHUNK_SIZE + 100;
  const file = {
    look: { size: bytes.length, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, device: 0n },
    read(target: Uint8Array, position: number) {
      if (position <= bad && bad < position + target.length)
        throw ioFailure(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }), '/f');
      target.set(bytes.subarray(position, position + target.length));
    },
    check() {},
  };
  const { hashes, unreadable } = checkPart(file, CHUNK_SIZE, bytes.length);
  expect(unreadable).toEqual([1]);
  const right = expected(bytes).hashes.slice(32);
  right.fill(0, 32, 64);
  expect(hashes).toEqual(right);
});

test('nothing to check ends at once, and so does what nobody waits for any more', async () => {
  expect((await check([])).checked.size).toBe(0);
  const path = await write('large', pattern(2 * SPAN));
  const abort = new AbortController();
  const list = Array.from({ length: 100 }, () => ({ path, from: 0, to: SPAN }));
  const left = check(list, true, abort.signal);
  abort.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(parts.metrics.get('bytes_checked') ?? 0).toBeLessThan(100 * SPAN);
});

test('publishes come first: a file is hashed before the check that was there earlier is over', async () => {
  const path = await write('large', pattern(2 * SPAN));
  const list = Array.from({ length: 200 }, (_, i) => ({
    path,
    from: (i % 2) * SPAN,
    to: ((i % 2) + 1) * SPAN,
  }));
  const order: string[] = [];
  const checking = check(list).then(() => order.push('check'));
  const { files } = await collect(hashFiles(parts.context, pool, [path], never));
  order.push('publish');
  await checking;
  expect(files.size).toBe(1);
  expect(order).toEqual(['publish', 'check']);
});

/** Counts what it is asked for, and gives tasks that take no time. */
class CountedJob implements PoolJob {
  readonly background: boolean;
  readonly #name: string;
  readonly #order: string[];
  #left: number;
  readonly #ended: () => void;

  constructor(name: string, background: boolean, steps: number, order: string[], ended: () => void) {
    this.#name = name;
    this.background = background;
    this.#left = steps;
    this.#order = order;
    this.#ended = ended;
  }

  needs(): boolean {
    return false;
  }

  next(): JobStep | null {
    if (this.#left === 0) return null;
    this.#left--;
    this.#order.push(this.#name);
    const settled = () => this.#left === 0 && this.#ended();
    return { task: { kind: 'hello' }, alone: false, done: settled, lost: settled };
  }
}

test('jobs of the background come after all others, and one after the other', async () => {
  const order: string[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const add = (place: number, name: string, background: boolean) =>
    pool.add(new CountedJob(name, background, 8, order, ends[place]!.resolve));
  add(0, 'b1', true);
  add(1, 'b2', true);
  add(2, 'f1', false);
  add(3, 'f2', false);
  await Promise.all(ends.map(({ promise }) => promise));
  // Four places were free before anybody else came.
  const later = order.slice(4);
  expect(order.slice(0, 4)).toEqual(['b1', 'b1', 'b1', 'b1']);
  expect(later.slice(0, 16).sort()).toEqual([...Array(8).fill('f1'), ...Array(8).fill('f2')]);
  expect(later.slice(16)).toEqual([...Array(4).fill('b1'), ...Array(8).fill('b2')]);
});
