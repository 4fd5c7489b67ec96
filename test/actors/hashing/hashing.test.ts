import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, openSync, truncateSync, utimesSync, writeSync } from 'node:fs';
import { readdir, readlink, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HashEvent } from '../../../src/actors/hashing/contract.ts';
import { SPAN } from '../../../src/actors/hashing/pool-task.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { expected, pattern, World } from './world.ts';

describe.each([1, 2, 4])('with %i threads', (threads) => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(threads);
  });
  afterEach(async () => {
    expect(world.bugs).toEqual([]);
    await world.stop();
  });

  test('files at every border of a chunk and of a span, and how they look', async () => {
    const sizes = [
      0,
      1,
      CHUNK_SIZE - 1,
      CHUNK_SIZE,
      CHUNK_SIZE + 1,
      3 * CHUNK_SIZE + 5,
      SPAN,
      SPAN + 1,
      2 * SPAN,
      2 * SPAN + CHUNK_SIZE + 7,
    ];
    const contents = sizes.map((size, seed) => pattern(size, seed + 1));
    const paths: string[] = [];
    for (const [i, bytes] of contents.entries()) paths.push(await world.write(`file ${i}`, bytes));
    const { files, failed, progress } = await world.hash(paths);
    expect(failed.size).toBe(0);
    for (const [i, bytes] of contents.entries()) {
      expect(files.get(i), `${sizes[i]} octets`).toMatchObject(expected(bytes));
      const { mtimeNs, ctimeNs, ino } = await stat(paths[i]!, { bigint: true });
      expect(files.get(i)).toMatchObject({ mtimeNs, ctimeNs, inode: ino });
    }
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(progress.at(-1)).toBe(total);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(world.metrics.get('files_hashed')).toBe(sizes.length);
    expect(world.metrics.get('bytes_hashed')).toBe(total);
  });

  test('hash lists are arrays of their own, not views of something larger', async () => {
    const { files } = await world.hash([await world.write('file', pattern(SPAN + 5 * CHUNK_SIZE))]);
    const { hashes } = files.get(0)!;
    expect(hashes.buffer.byteLength).toBe(hashes.length);
  });

  test('identify', async () => {
    const small = pattern(1000);
    const large = pattern(3 * SPAN + 1);
    for (const bytes of [new Uint8Array(0), small, large]) {
      expect(await world.identify(await world.write('file', bytes))).toEqual({
        contentId: expected(bytes).contentId,
        size: bytes.length,
      });
    }
  });

  test('thousands of small files', async () => {
    const paths: string[] = [];
    for (let i = 0; i < 2000; i++) paths.push(await world.write(`${i}`, Buffer.from(`content ${i}`)));
    const { files, events } = await world.hash(paths);
    expect(files.size).toBe(2000);
    for (const i of [0, 999, 1999]) {
      expect(files.get(i)).toMatchObject(expected(Buffer.from(`content ${i}`)));
    }
    expect(events.length).toBeLessThan(200);
  });
});

describe('what cannot be hashed', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(2);
  });
  afterEach(async () => {
    expect(world.bugs).toEqual([]);
    await world.stop();
  });

  test('missing, folder, link, FIFO, unreadable: each fails alone', async () => {
    const good = await world.write('good', Buffer.from('good'));
    const link = join(world.folder, 'link');
    await symlink(good, link);
    const fifo = join(world.folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const missing = join(world.folder, 'missing');
    const { files, failed } = await world.hash([missing, world.folder, link, fifo, good]);
    expect([...files.keys()]).toEqual([4]);
    expect([...failed].sort(([a], [b]) => a - b).map(([, { code, subject }]) => [code, subject])).toEqual([
      ['E_NOT_FOUND', missing],
      ['E_PATH_INVALID', world.folder],
      ['E_PATH_INVALID', link],
      ['E_PATH_INVALID', fifo],
    ]);
    await expect(world.identify(missing)).rejects.toMatchObject({ code: 'E_NOT_FOUND', subject: missing });
    await expect(world.identify(link)).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
  });

  test('a name the file system cannot hold', async () => {
    const path = join(world.folder, 'n'.repeat(300));
    const { failed } = await world.hash([path]);
    expect(failed.get(0)).toMatchObject({ code: 'E_IO', subject: path });
  });

  test('no file at all', async () => {
    expect((await world.hash([])).events).toEqual([]);
  });
});

describe.each([1, 2])('with %i threads, a file that changes while it is read', (threads) => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(threads);
  });
  afterEach(async () => {
    expect(world.bugs).toEqual([]);
    await world.stop();
  });

  test.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, SPAN)],
    ['is written in place', (path: string) => overwrite(path)],
    ['is touched', (path: string) => utimesSync(path, 1, 1)],
  ])('%s', async (_, change) => {
    const path = await world.write('file', pattern(12 * SPAN));
    const other = await world.write('other', pattern(SPAN + 1));
    let changed = false;
    const events: HashEvent[] = [];
    for await (const event of world.stream([path, other])) {
      events.push(event);
      if (changed || event.kind !== 'progress') continue;
      changed = true;
      // At once, before anything more can be handed out.
      change(path);
    }
    expect(changed).toBe(true);
    expect(events.filter(({ kind }) => kind === 'failed')).toEqual([
      {
        kind: 'failed',
        index: 0,
        error: expect.objectContaining({ code: 'E_FILE_CHANGED', subject: path, retryable: true }),
      },
    ]);
    expect(events.flatMap((event) => (event.kind === 'files' ? event.files : []))).toHaveLength(1);
    await nothingOpen(world.folder);
  });
});

describe('who leaves, and who waits', () => {
  let world: World;
  afterEach(async () => {
    expect(world.bugs).toEqual([]);
    await world.stop();
  });

  test('leaving the stream, or the signal, ends the work and closes the files', async () => {
    world = await World.start(2);
    const path = await world.write('file', pattern(16 * SPAN));
    for await (const _ of world.stream([path])) break;
    await nothingOpen(world.folder);
    const cancel = new AbortController();
    const running = world.hash([path], cancel.signal);
    const identifying = world.identify(path, cancel.signal);
    cancel.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect(identifying).rejects.toThrow('enough');
    await nothingOpen(world.folder);
    // The threads are the same as before, and free.
    expect(await world.identify(path)).toMatchObject({ size: 16 * SPAN });
    expect(world.metrics.get('pool_restarts')).toBeUndefined();
  });

  test('one thread: a small file does not wait for the large ones before it', async () => {
    world = await World.start(1);
    const large = await world.write('large', pattern(20 * SPAN));
    const small = await world.write('small', Buffer.from('small'));
    let identified: Promise<number> | null = null;
    let octets = 0;
    for await (const event of world.stream([large, large])) {
      if (event.kind !== 'progress') continue;
      octets = event.bytes;
      identified ??= world.identify(small).then(() => octets);
    }
    expect(await identified).toBeLessThan(octets / 2);
  });

  test('progress comes at most ten times a second', async () => {
    const clock = new ManualClock();
    world = await World.start(2, clock);
    const path = await world.write('file', pattern(12 * SPAN));
    const { progress } = await world.hash([path]);
    // Time stands still: the first, and the last.
    expect(progress).toHaveLength(2);
    expect(progress[1]).toBe(12 * SPAN);
  });

  test('info', async () => {
    world = await World.start(3);
    expect(
      await world.behaviour.handlers.info(null, { signal: AbortSignal.any([]), remainingMs: () => 1 }),
    ).toEqual({
      threads: 3,
      implementation: 'native',
    });
    expect(world.warnings).toEqual([]);
  });
});

function overwrite(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from('changed'), 0, 7, 5);
  closeSync(file);
}

/** Polls until this process holds no file of the folder open. */
async function nothingOpen(folder: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const open = await openFiles(folder);
    if (open.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still open: ${open.join(', ')}`);
    await new Promise(setImmediate);
  }
}

/** Where the system does not tell, nothing is said to be open. */
async function openFiles(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder));
}
