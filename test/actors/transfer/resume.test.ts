import { appendFile, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { HastyClock } from './hasty-clock.ts';
import { content, idOf, SHARE, World } from './world.ts';

const CHUNK = 262_144;

/** A transfer of one file of ten chunks, and small ones, that stands still once `chunks` of the big one came. */
async function stuckAfter(chunks: number): Promise<World & { stuck: Promise<void> }> {
  const world = await World.make();
  world.share('deep/big.bin', content(1, 9 * CHUNK + 77));
  for (let i = 0; i < 3; i++) world.share(`small/${i}`, content(10 + i, 100 + i));
  const { promise: stuck, resolve } = Promise.withResolvers<void>();
  let came = 0;
  world.provider().chunk = async (bytes, _id, _chunk, signal) => {
    if (came++ < chunks) return bytes;
    resolve();
    return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  return Object.assign(world, { stuck });
}

const unfinishedOf = async (world: World): Promise<string> => {
  const names = await readdir(join(world.out, 'deep'));
  return join(world.out, 'deep', names.find((name) => name.endsWith('.part'))!);
};

/** Until the ledger knows of so many chunks of the big file. */
const noted = (world: World, chunks: number) =>
  vi.waitFor(() => {
    const have = [...world.files.values()][0]?.get(0)?.have ?? new Uint8Array(0);
    const bits = [...have].reduce((sum, octet) => sum + octet.toString(2).replaceAll('0', '').length, 0);
    expect(bits).toBe(chunks);
  });

const chunksOfBig = (world: World): string[] => {
  const big = idOf(content(1, 9 * CHUNK + 77));
  return world.provider().chunks.filter((name) => name.startsWith(big));
};

async function goesOn(world: World): Promise<void> {
  world.provider().chunk = (bytes) => bytes;
  await world.behaviour;
  await vi.waitFor(async () => expect(await world.ask('queue', null)).toMatchObject([{ state: 'done' }]));
  expect(await world.tree()).toEqual(world.listed);
}

describe('after a kill', () => {
  test('the next start goes on by itself, and asks for nothing that was written down', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    const before = chunksOfBig(world).length;
    await goesOn(world);
    expect(
      chunksOfBig(world)
        .slice(before)
        .map((name) => Number(name.split('/')[1])),
    ).toEqual([6, 7, 8, 9]);
    // Its list was kept, and it was hashed as a whole.
    expect(world.provider().listed).toHaveLength(1);
  });

  test('what was written after the last note is found by hashing', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    const path = await unfinishedOf(world);
    const file = await open(path, 'r+');
    await file.write(content(1, 9 * CHUNK + 77).subarray(6 * CHUNK, 7 * CHUNK), 0, CHUNK, 6 * CHUNK);
    await file.close();
    const before = chunksOfBig(world).length;
    await goesOn(world);
    expect(world.verified).toEqual([path]);
    expect(chunksOfBig(world)).toHaveLength(before + 3);
  });

  test.each([
    ['truncated', (path: string) => truncate(path, 3 * CHUNK + 5), 3],
    ['made longer', (path: string) => appendFile(path, 'more than there was'), 6],
    ['written to', (path: string) => overwrite(path, 2 * CHUNK + 9), 5],
    ['replaced', (path: string) => replace(path), 0],
    ['gone', (path: string) => rm(path), 0],
  ])(
    'an unfinished file that is %s: every chunk of it that is right counts, no other',
    async (_, damage, right) => {
      await using world = await stuckAfter(6);
      await world.ask('add', { target: SHARE, directory: world.out });
      await world.stuck;
      await noted(world, 6);
      await world.kill();
      await damage(await unfinishedOf(world));
      const before = chunksOfBig(world).length;
      await goesOn(world);
      expect(chunksOfBig(world)).toHaveLength(before + 10 - right);
    },
  );

  test('a map that promises what is not there, in a file that looks the same, is found out in the end', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    const files = [...world.files.values()][0]!;
    files.set(0, { ...files.get(0)!, have: Uint8Array.of(0xff, 0x01) });
    const before = chunksOfBig(world).length;
    await goesOn(world);
    expect(
      chunksOfBig(world)
        .slice(before)
        .map((name) => Number(name.split('/')[1])),
    ).toEqual([9, 6, 7, 8]);
  });

  test('a torn map is no map: the file is hashed', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    const files = [...world.files.values()][0]!;
    files.set(0, { ...files.get(0)!, have: null });
    const before = chunksOfBig(world).length;
    await goesOn(world);
    expect(world.verified).toHaveLength(1);
    expect(chunksOfBig(world)).toHaveLength(before + 4);
  });

  test('a list of hashes that was lost is asked for again', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    world.hashLists.clear();
    await goesOn(world);
    expect(world.provider().listed).toHaveLength(2);
  });

  test('whole, but without its name: nothing of it is fetched again', async () => {
    await using world = await World.make();
    world.share('deep/big.bin', content(1, 9 * CHUNK + 77));
    const { promise: stuck, resolve } = Promise.withResolvers<void>();
    world.beforeIdentify = () => {
      resolve();
      return new Promise(() => {});
    };
    await world.ask('add', { target: SHARE, directory: world.out });
    await stuck;
    await noted(world, 10);
    await world.kill();
    world.beforeIdentify = () => {};
    await goesOn(world);
    expect(chunksOfBig(world)).toHaveLength(10);
  });

  test('it has its name, and the ledger does not know yet', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    await rename(await unfinishedOf(world), join(world.out, 'deep', 'big.bin'));
    await writeFile(join(world.out, 'deep', 'big.bin'), content(1, 9 * CHUNK + 77));
    const before = chunksOfBig(world).length;
    await goesOn(world);
    expect(chunksOfBig(world)).toHaveLength(before);
  });

  test('finished files that were taken away come again', async () => {
    await using world = await stuckAfter(6);
    await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.kill();
    const files = [...world.files.values()][0]!;
    files.set(1, { ...files.get(1)!, state: 'done' });
    await goesOn(world);
  });

  test('folders that it made go with it when it is cancelled', async () => {
    await using world = await stuckAfter(6);
    const { id } = await world.ask('add', { target: SHARE, directory: world.out });
    await world.stuck;
    await noted(world, 6);
    await world.stop();
    expect(await readdir(join(world.out, 'deep'))).toHaveLength(1);
    await world.ask('cancel', { ids: [id] });
    expect(await readdir(world.out, { recursive: true })).toEqual([]);
    expect(await world.ask('queue', null)).toEqual([]);
    expect([world.transfers.size, world.files.size]).toEqual([0, 0]);
  });
});

test('a file is noted as done only when the store knows that it lies here: a kill in between costs no serving', async () => {
  await using world = await stuckAfter(6);
  const hold = Promise.withResolvers<void>();
  world.beforeHold = () => hold.promise;
  world.provider().chunk = (bytes) => bytes;
  await world.ask('add', { target: SHARE, directory: world.out });
  await noted(world, 10);
  const states = () => [...[...world.files.values()][0]!.values()].map(({ state }) => state);
  await vi.waitFor(async () => expect(await world.tree()).toEqual(world.listed));
  expect(states()).toEqual(['missing', 'missing', 'missing', 'missing']);
  hold.resolve();
  await goesOn(world);
  expect(world.held).toHaveLength(4);
});

test('a ledger that was lost: the same download, asked for again, finds what it had begun', async () => {
  await using world = await stuckAfter(6);
  const { id } = await world.ask('add', { target: SHARE, directory: world.out });
  await world.stuck;
  await noted(world, 6);
  await world.kill();
  world.transfers.clear();
  world.files.clear();
  expect(await world.ask('queue', null)).toEqual([]);
  const before = chunksOfBig(world).length;
  world.provider().chunk = (bytes) => bytes;
  expect(await world.ask('add', { target: SHARE, directory: world.out })).toMatchObject({ id });
  await goesOn(world);
  expect(chunksOfBig(world)).toHaveLength(before + 4);
});

test('a ledger and the lists of hashes that were lost: begun anew, and nothing is left of the first time', async () => {
  await using world = await stuckAfter(6);
  await world.ask('add', { target: SHARE, directory: world.out });
  await world.stuck;
  await noted(world, 6);
  await world.kill();
  for (const lost of [world.transfers, world.files, world.hashLists]) lost.clear();
  world.provider().chunk = (bytes) => bytes;
  await world.ask('add', { target: SHARE, directory: world.out });
  await goesOn(world);
});

test('an orderly stop notes exactly what there is: nothing is hashed, nothing asked for twice', async () => {
  await using world = await stuckAfter(6);
  await world.ask('add', { target: SHARE, directory: world.out });
  await world.stuck;
  await world.stop();
  const before = chunksOfBig(world).length;
  await goesOn(world);
  expect(world.verified).toEqual([]);
  expect(chunksOfBig(world)).toHaveLength(before + 4);
});

test('an unfinished file that is removed under way is begun anew by the next attempt', async () => {
  await using world = await World.make();
  world.share('deep/big.bin', content(1, 9 * CHUNK + 77));
  let removed = '';
  world.beforeIdentify = async (path) => {
    if (removed !== '') return;
    removed = path;
    await rm(path);
  };
  await world.ask('add', { target: SHARE, directory: world.out });
  await vi.waitFor(async () =>
    expect(await world.ask('queue', null)).toMatchObject([
      { state: 'failed', error: { code: 'E_FILE_CHANGED', subject: removed, retryable: true } },
    ]),
  );
  await world.ask('resume', { ids: null });
  await goesOn(world);
  expect(chunksOfBig(world)).toHaveLength(20);
});

test('the file is as long as it will be from its first chunk on', async () => {
  await using world = await stuckAfter(2);
  await world.ask('add', { target: SHARE, directory: world.out });
  await world.stuck;
  expect((await stat(await unfinishedOf(world))).size).toBe(9 * CHUNK + 77);
  await world.stop();
});

test('a ledger that cannot be written for a while loses nothing', async () => {
  await using world = await stuckAfter(6);
  let failures = 0;
  world.beforeNote = () => {
    if (failures++ < 2) throw failure('E_ACTOR_DOWN', 'the store is being restarted', { retryable: true });
  };
  await world.ask('add', { target: SHARE, directory: world.out });
  await world.stuck;
  await noted(world, 6);
  expect(failures).toBeGreaterThan(2);
  await world.stop();
});

describe('a get that is left', () => {
  test('is paused; the same get goes on with it, another folder is another download', async () => {
    await using world = await stuckAfter(6);
    const caller = new AbortController();
    const ended = expect(world.get(SHARE, caller.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    await world.stuck;
    caller.abort();
    await ended;
    await vi.waitFor(async () =>
      expect(await world.ask('queue', null)).toMatchObject([{ state: 'paused', bytes: 6 * CHUNK }]),
    );
    world.provider().chunk = (bytes) => bytes;
    const before = chunksOfBig(world).length;
    const { files } = await world.get();
    expect(files.map((file) => file.resumed_bytes)).toEqual([6 * CHUNK, 0, 0, 0]);
    expect(chunksOfBig(world)).toHaveLength(before + 4);
    for await (const _ of world.start(SHARE, undefined, join(world.root, 'elsewhere')));
    expect(await world.ask('queue', null)).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    expect(await world.tree(join(world.root, 'elsewhere'))).toEqual(world.listed);
  });

  test('goes on when another one follows it, or when the node has it', async () => {
    await using world = await stuckAfter(6);
    const [first, second] = [new AbortController(), new AbortController()];
    const left = expect(world.get(SHARE, first.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    const followed = world.get(SHARE, second.signal);
    await world.stuck;
    first.abort();
    await left;
    expect(await world.ask('queue', null)).toMatchObject([{ state: 'active' }]);
    world.provider().chunk = (bytes) => bytes;
    await world.ask('pause', { ids: null });
    await expect(followed).rejects.toMatchObject({ code: 'E_ABORTED', message: 'the download was paused' });
    await world.ask('resume', { ids: null });
    await goesOn(world);
  });

  test('a slip of the pen is not listed', async () => {
    await using world = await World.make();
    await expect(world.get('00'.repeat(32))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    expect(await world.ask('queue', null)).toEqual([]);
    expect(world.transfers.size).toBe(0);
  });
});

describe('what fails', () => {
  test('for a reason that may pass is tried again by the node, and the get says so', async () => {
    await using world = await stuckAfter(100);
    world.clock = new HastyClock();
    world.provider().refuses = () => failure('E_PEER_UNREACHABLE', 'connection refused');
    const error = await world.get().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'E_NO_PROVIDER',
      next: expect.stringMatching(/tries again by itself.*granary cancel [0-9a-f]{12}/),
    });
    world.provider().refuses = null;
    await goesOn(world);
  });

  test('for good stays failed, with its reason, until somebody resumes it', async () => {
    await using world = await stuckAfter(100);
    world.clock = new HastyClock();
    const good = world.provider().chunk;
    world.provider().chunk = (bytes) => bytes.map((octet) => octet ^ 1);
    await world.ask('add', { target: SHARE, directory: world.out });
    const failed = [{ state: 'failed', error: { code: 'E_CHUNK_CORRUPT' } }];
    await vi.waitFor(async () => expect(await world.ask('queue', null)).toMatchObject(failed));
    await world.stop();
    expect(await world.ask('queue', null)).toMatchObject(failed);
    world.provider().chunk = good;
    await world.ask('resume', { ids: null });
    await goesOn(world);
  });
});

describe('the queue', () => {
  /** Shares of one file each, under ids of their own, that come only when they may. */
  async function shelf(count: number): Promise<World & { may: Set<string>; targets: string[] }> {
    const world = await World.make();
    const may = new Set<string>();
    const targets = Array.from({ length: count }, (_, i) => {
      const { contentId } = world.share(`${i}.bin`, content(i, 1000 + i));
      return contentId;
    });
    world.provider().chunk = async (bytes, id, _chunk, signal) => {
      while (!may.has(id)) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return bytes;
    };
    return Object.assign(world, { may, targets });
  }
  const states = async (world: World) =>
    (await world.ask('queue', null)).map(({ target, state }) => `${target.slice(0, 4)} ${state}`);

  test('so many at once; the more urgent first, then whoever waited longer', async () => {
    await using world = await shelf(5);
    world.config = { maxActive: 2 };
    const [a, b, c, d, e] = world.targets as [string, string, string, string, string];
    for (const target of [a, b, c]) await world.ask('add', { target, directory: world.out });
    await world.ask('add', { target: d, directory: world.out, priority: 5 });
    await world.ask('add', { target: e, directory: world.out, priority: -1 });
    const name = (target: string, state: string) => `${target.slice(0, 4)} ${state}`;
    const now = await states(world);
    expect(now[0]).toBe(name(d, 'queued'));
    expect(now[4]).toBe(name(e, 'queued'));
    expect(now.slice(1, 4).sort()).toEqual([name(a, 'active'), name(b, 'active'), name(c, 'queued')].sort());
    world.may.add(a);
    await vi.waitFor(async () => expect(await states(world)).toContain(name(d, 'active')));
    for (const target of world.targets) world.may.add(target);
    await vi.waitFor(async () => {
      for (const { state } of await world.ask('queue', null)) expect(state).toBe('done');
    });
    expect(await world.tree()).toEqual(world.listed);
  });

  test('pause, resume, cancel: by the beginning of an id, or all', async () => {
    await using world = await shelf(3);
    const ids: string[] = [];
    for (const target of world.targets) {
      ids.push((await world.ask('add', { target, directory: world.out })).id);
    }
    const paused = await world.ask('pause', { ids: [ids[1]!.slice(0, 8)] });
    expect(paused).toMatchObject([{ id: ids[1], state: 'paused', target: world.targets[1] }]);
    for (const target of world.targets) world.may.add(target);
    await vi.waitFor(async () =>
      expect((await world.ask('queue', null)).map(({ state }) => state).sort()).toEqual([
        'done',
        'done',
        'paused',
      ]),
    );
    await world.stop();
    expect((await world.ask('queue', null)).find(({ id }) => id === ids[1])).toMatchObject({
      state: 'paused',
    });
    await world.ask('resume', { ids: [ids[1]!], priority: 3 });
    await vi.waitFor(async () => expect(await world.tree()).toEqual(world.listed));
    await vi.waitFor(async () =>
      expect((await world.ask('queue', null))[0]).toMatchObject({ id: ids[1], state: 'done', priority: 3 }),
    );
    await world.ask('cancel', { ids: null });
    expect(await world.ask('queue', null)).toEqual([]);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('an id that is none, or several', async () => {
    await using world = await shelf(1);
    await expect(world.ask('pause', { ids: ['00'] })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(world.ask('cancel', { ids: [''] })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await world.ask('add', { target: world.targets[0]!, directory: world.out });
    await world.ask('add', { target: world.targets[0]!, directory: join(world.out, 'b') });
    await expect(world.ask('cancel', { ids: [''] })).rejects.toMatchObject({ code: 'E_USAGE' });
    await world.stop();
  });
});

async function overwrite(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from('!'), 0, 1, at);
  await file.close();
}

async function replace(path: string): Promise<void> {
  const { length } = await readFile(path);
  await rm(path);
  await writeFile(path, new Uint8Array(length).fill(7));
}
