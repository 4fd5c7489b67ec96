import { mkdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { failure } from '../../../../src/errors.ts';
import { CHUNK_SIZE } from '../../../../src/protocol/objects/chunks.ts';
import { hashesOf } from '../scripted-provider.ts';
import { A, content, idOf, World } from '../world.ts';

const LONG = CHUNK_SIZE * 3 + 5;

let world: World;
beforeEach(async () => {
  world = await World.make();
  await mkdir(world.out);
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const at = (name: string) => join(world.out, name);

/** A file that lies in the folder as it should, or holding something else. */
async function hold(name: string, bytes: Uint8Array, change: object = {}, lies: Uint8Array | null = bytes) {
  if (lies !== null) await writeFile(at(name), lies);
  if (bytes.length > CHUNK_SIZE) world.hashLists.set(idOf(bytes), hashesOf(bytes));
  world.share(name, bytes);
  return await world.rechecks.hold(at(name), bytes, change);
}

const flipped = (bytes: Uint8Array, ...places: number[]) => {
  const other = bytes.slice();
  for (const place of places) other[place]! ^= 1;
  return other;
};

test('nothing held: nothing to do', async () => {
  expect(await world.verify()).toMatchObject({
    items: 0,
    chunks: 0,
    bytes: 0,
    bad: [],
    files: [],
    repaired: 0,
  });
  expect(await world.ask('rechecks', null)).toMatchObject([{ share_id: null, state: 'done' }]);
  await expect(world.verify({ shareId: 'unknown' })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  expect(await world.ask('rechecks', null)).toHaveLength(1);
});

test('more files than a page: every one is looked at, and only news is told to the store', async () => {
  for (let i = 0; i < 10; i++) await hold(`${i}`, content(i + 1, 10 * i));
  await hold('long', content(20, LONG));
  await hold('touched', content(21, 9), { mtimeNs: 5n });
  await hold('back', content(22, 9), { gone: true });
  const { items, chunks, bytes, bad, progress } = await world.verify();
  expect({ items, chunks, bytes, bad }).toEqual({ items: 13, chunks: 15, bytes: 450 + LONG + 18, bad: [] });
  expect(progress.at(-1)).toMatchObject({ files: 13, files_total: 13, bytes, bytes_total: bytes, eta: 0 });
  expect(world.rechecks.verdicts).toMatchObject([
    { path: at('touched'), right: { inode: expect.any(BigInt) } },
    { path: at('back'), damaged: false },
  ]);
});

test('a chunk that is wrong: fetched again where the file is a download, and only there', async () => {
  const bytes = content(1, LONG);
  const lies = flipped(bytes, CHUNK_SIZE, LONG - 1);
  await hold('download', bytes, {}, lies);
  await hold('adopted', content(2, LONG), { adopted: true }, flipped(content(2, LONG), 0));
  await hold('own', content(3, LONG), { place: 1, shareId: 'own' }, flipped(content(3, LONG), 0));
  await hold('published', content(4, LONG), {}, flipped(content(4, LONG), 0));
  world.rechecks.published.add(at('published'));
  const result = await world.verify({ repair: true });
  expect(result).toMatchObject({ bad_total: 5, repaired: 2 });
  expect(
    result.bad.filter(({ repaired }) => repaired).map(({ path, chunk, offset }) => [path, chunk, offset]),
  ).toEqual([
    [at('download'), 1, CHUNK_SIZE],
    [at('download'), 3, 3 * CHUNK_SIZE],
  ]);
  expect(world.provider(A).chunks.sort()).toEqual([`${idOf(bytes)}/1`, `${idOf(bytes)}/3`]);
  expect(await world.tree()).toEqual({
    ...{ download: idOf(bytes), adopted: idOf(flipped(content(2, LONG), 0)) },
    ...{ own: idOf(flipped(content(3, LONG), 0)), published: idOf(flipped(content(4, LONG), 0)) },
  });
  expect(world.held).toMatchObject([{ path: at('download'), contentId: idOf(bytes), adopted: false }]);
  // None is served from the moment it was found, whatever it looks like.
  expect(world.rechecks.verdicts.map(({ path, right, damaged }) => [path, right, damaged])).toEqual([
    [at('download'), null, true],
    [at('adopted'), null, true],
    [at('own'), null, true],
    [at('published'), null, true],
  ]);
  expect(result.files.find(({ path }) => path === at('published'))?.reason).toContain('published from here');
});

test('cut off and too long: repaired; gone, in the way, or nobody has it: told', async () => {
  await hold('short', content(1, LONG), {}, content(1, LONG).subarray(0, 10));
  await hold('long', content(2, LONG), {}, Buffer.concat([content(2, LONG), Buffer.from('x')]));
  await hold('gone', content(3, 9), {}, null);
  await hold('link', content(4, 9), {}, null);
  await symlink(at('short'), at('link'));
  await hold('nobody', content(5, 9), {}, content(6, 9));
  world.provider(A).contents.delete(idOf(content(5, 9)));
  const { files, repaired } = await world.verify({ repair: true });
  expect(files.map(({ path, state, repaired: mended }) => [path.split('/').at(-1), state, mended])).toEqual([
    ['short', 'short', true],
    ['long', 'long', true],
    ['gone', 'missing', false],
    ['link', 'unreadable', false],
    ['nobody', 'damaged', false],
  ]);
  expect(repaired).toBe(5);
  expect(files[4]!.reason).not.toBeNull();
  expect(idOf(await readFile(at('long')))).toBe(idOf(content(2, LONG)));
  // A second one finds what is left.
  expect((await world.verify()).files.map(({ state }) => state)).toEqual([
    'missing',
    'unreadable',
    'damaged',
  ]);
});

test('a disk that does not give all of a file: the chunk is named, and the look of the file does not bring it back', async () => {
  await hold('sector', content(1, LONG), { place: 1, shareId: 'own' });
  world.afterCheck = (event) =>
    event.kind === 'failed'
      ? event
      : { ...event, parts: event.parts.map((part) => ({ ...part, unreadable: [2] })) };
  expect(await world.verify()).toMatchObject({
    bad: [{ chunk: 2, offset: 2 * CHUNK_SIZE, state: 'unreadable' }],
    files: [{ state: 'unreadable', found: LONG, bad_chunks: 1 }],
  });
  expect(world.rechecks.verdicts).toMatchObject([{ right: null, damaged: true }]);
});

test('a disk that is not mounted is told from files that are gone', async () => {
  await mkdir(at('mount'));
  await mkdir(at('share'));
  await hold('mount/held', content(1, 9), {}, null);
  await hold('share/own', content(2, 9), { place: 1, shareId: 'own' }, null);
  await hold('gone', content(3, 9), {}, null);
  world.rechecks.roots = [{ path: at('share'), kind: 'folder', inside: '' }];
  const states = async (forget = false) => (await world.verify({ forget })).files.map(({ state }) => state);
  expect(await states()).toEqual(['offline', 'offline', 'missing']);
  await writeFile(at('share/other'), 'not empty');
  await writeFile(at('mount/other'), 'not empty');
  expect(await states(true)).toEqual(['missing', 'missing', 'missing']);
  expect(world.rechecks.forgotten).toEqual([at('mount/held'), at('gone')]);
});

test('a hash list that is lost: the file is compared as a whole, and the list is kept again', async () => {
  const bytes = content(1, LONG);
  const put = vi.fn();
  await hold('right', bytes);
  await hold('wrong', content(2, LONG), {}, flipped(content(2, LONG), CHUNK_SIZE));
  world.hashLists.clear();
  world.rechecks.onLists = put;
  const result = await world.verify({ repair: true });
  expect(put).toHaveBeenCalledExactlyOnceWith([{ contentId: idOf(bytes), hashes: hashesOf(bytes) }]);
  expect(result.bad).toMatchObject([{ path: at('wrong'), chunk: 0, offset: 0, repaired: true }]);
  expect(await world.tree()).toEqual(world.listed);
});

test('who follows a recheck joins it; the last who leaves pauses it, and the next goes on', async () => {
  for (let i = 0; i < 9; i++) await hold(`${i}`, content(i + 1, 9));
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  world.beforeCheck = () => gate;
  const leaving = new AbortController();
  const [first, second] = [world.verify({}, leaving.signal), world.verify({ repair: true })];
  first.catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.get(null)).toMatchObject({ state: 'running' }));
  leaving.abort();
  await expect(first).rejects.toMatchObject({ code: 'E_ABORTED' });
  open();
  expect(await second).toMatchObject({ items: 9 });
  expect(await world.ask('rechecks', null)).toMatchObject([{ state: 'done', repair: true }]);

  const closed = Promise.withResolvers<void>();
  world.beforeCheck = () => closed.promise;
  const alone = new AbortController();
  const left = world.verify({}, alone.signal);
  left.catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.get(null)).toMatchObject({ state: 'running' }));
  alone.abort();
  await expect(left).rejects.toMatchObject({ code: 'E_ABORTED' });
  await vi.waitFor(async () =>
    expect(await world.ask('rechecks', null)).toMatchObject([{ state: 'paused' }]),
  );
  world.beforeCheck = () => {};
  closed.resolve();
  expect(await world.verify()).toMatchObject({ items: 9 });
});

test('one that is cancelled is dropped, and whoever follows it hears of it', async () => {
  await hold('file', content(1, 9));
  world.beforeCheck = () => new Promise(() => {});
  const following = world.verify();
  following.catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.size).toBe(1));
  expect(await world.ask('cancelRechecks', { shareId: 'another' })).toEqual([]);
  expect(await world.ask('cancelRechecks', { shareId: null })).toHaveLength(1);
  await expect(following).rejects.toMatchObject({ code: 'E_ABORTED', message: 'the recheck was cancelled' });
  expect(await world.ask('rechecks', null)).toEqual([]);
  expect(world.rechecks.rechecks.size).toBe(0);
});

test('killed in the middle of a large file, the next life goes on there, with what was found', async () => {
  const size = 600 * CHUNK_SIZE;
  const bytes = new Uint8Array(size);
  await hold('0', content(1, 9), {}, content(2, 9));
  await hold('1', bytes, {}, flipped(bytes, 5 * CHUNK_SIZE));
  await hold('2', content(3, 9));
  // The first page is noted; of the second one nothing is.
  world.rechecks.beforeNote = ({ passed }) => (passed > 513 * CHUNK_SIZE ? new Promise(() => {}) : undefined);
  world.verify().catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.get(null)?.part?.chunk).toBeGreaterThan(0), {
    timeout: 20_000,
  });
  const { part, done } = world.rechecks.rechecks.get(null)!;
  await world.kill();
  world.rechecks.beforeNote = () => {};
  const read: number[] = [];
  world.beforeCheck = (parts) => void read.push(...parts.map(({ from }) => from));
  const result = await world.verify();
  expect(read[0]).toBe(part!.chunk * CHUNK_SIZE);
  expect(result).toMatchObject({ items: 3, bytes: size + 18, resumed_bytes: done.bytes });
  expect(result.bad).toMatchObject([
    { path: at('0'), chunk: 0 },
    { path: at('1'), chunk: 5, offset: 5 * CHUNK_SIZE },
  ]);

  // The same, but the file is another one by then: it is read from its beginning.
  world.rechecks.beforeNote = ({ passed }) => (passed > 513 * CHUNK_SIZE ? new Promise(() => {}) : undefined);
  world.verify().catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.get(null)?.part?.chunk).toBeGreaterThan(0), {
    timeout: 20_000,
  });
  await world.kill();
  world.rechecks.beforeNote = () => {};
  await writeFile(at('new'), '');
  await truncate(at('new'), size);
  await rename(at('new'), at('1'));
  read.length = 0;
  expect((await world.verify()).bad).toMatchObject([{ path: at('0') }]);
  expect(read[0]).toBe(0);
});

test('what was under way when the node stopped goes on by itself; what was paused does not', async () => {
  for (let i = 0; i < 9; i++) await hold(`${i}`, content(i + 1, 9));
  const closed = Promise.withResolvers<void>();
  world.beforeCheck = () => closed.promise;
  world.verify().catch(() => {});
  await vi.waitFor(() => expect(world.rechecks.rechecks.get(null)).toMatchObject({ state: 'running' }));
  closed.resolve();
  world.beforeCheck = () => new Promise(() => {});
  await world.stop();
  expect(world.rechecks.rechecks.get(null)).toMatchObject({ state: 'running' });
  world.beforeCheck = () => {};
  await vi.waitFor(async () =>
    expect(await world.ask('rechecks', null)).toMatchObject([{ state: 'done', result: { items: 9 } }]),
  );
  world.rechecks.rechecks.set(null, { ...world.rechecks.rechecks.get(null)!, state: 'paused' });
  await world.stop();
  expect(await world.ask('rechecks', null)).toMatchObject([{ state: 'paused' }]);
});

test('a part of the node that is being restarted is waited for; what was counted counts once', async () => {
  for (let i = 0; i < 4; i++) await hold(`${i}`, content(i + 1, 9), {}, i === 2 ? content(9, 9) : undefined);
  let failures = 2;
  world.beforeCheck = () => {
    if (failures-- > 0) throw failure('E_ACTOR_DOWN', 'hashing is restarted');
  };
  expect(await world.verify()).toMatchObject({ items: 4, chunks: 4, bytes: 36, bad_total: 1 });
});

test('while downloads are under way, one thread reads', async () => {
  await hold('file', content(1, 9));
  const gentle: boolean[] = [];
  world.beforeCheck = (_, how) => void gentle.push(how);
  await world.verify();
  const bytes = content(2, 3 * CHUNK_SIZE);
  world.share('coming', bytes);
  const closed = Promise.withResolvers<void>();
  world.provider(A).chunk = async (chunk) => {
    await closed.promise;
    return chunk;
  };
  const getting = world.get();
  await vi.waitFor(async () => expect(await world.ask('queue', null)).toMatchObject([{ state: 'active' }]));
  await world.verify();
  closed.resolve();
  await getting;
  expect(gentle).toEqual([false, true]);
});
