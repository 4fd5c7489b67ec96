import { readdir, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { HastyClock } from './hasty-clock.ts';
import { oneAtATimeClock } from './one-at-a-time-clock.ts';
import { hashesOf, type ScriptedProvider } from './scripted-provider.ts';
import { A, B, C, content, idOf, World } from './world.ts';

const CHUNK = 262_144;
const KEY = 'cd'.repeat(32);

/** A share of one file of each size, at two providers. */
async function atTwo(...sizes: number[]): Promise<World & { a: ScriptedProvider; b: ScriptedProvider }> {
  const world = await World.make();
  world.peers = [A, B];
  for (const [i, size] of sizes.entries()) {
    world.share(`folder/${i}.bin`, content(i, size));
    world.provider(B).put(content(i, size));
  }
  return Object.assign(world, { a: world.provider(A), b: world.provider(B) });
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((octet) => octet ^ 1);

describe('one provider after the other', () => {
  test('the first one that can be reached is asked for everything', async () => {
    await using world = await atTwo(10, 2 * CHUNK);
    world.clock = oneAtATimeClock;
    world.peers = [C, A, B];
    expect(await world.get()).toMatchObject({ providers: [A] });
    expect([world.a.connects, world.b.connects]).toEqual([1, 0]);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('a key in the address picks the shard and goes with every call', async () => {
    await using world = await atTwo(10, 2 * CHUNK);
    world.peers = [`${A}@${KEY}`];
    await world.get();
    expect(new Set(world.routed)).toEqual(new Set([KEY]));
  });

  test('beside the peers of the link: where the manifest came from, then whoever we dialled', async () => {
    await using world = await atTwo(10);
    world.peers = [];
    world.source = A;
    expect(await world.get()).toMatchObject({ providers: [A] });
    await rm(world.out, { recursive: true });
    world.source = C;
    world.connected = [
      { direction: 'in', address: A, nodeKey: KEY },
      { direction: 'out', address: B, nodeKey: KEY },
    ];
    expect(await world.get()).toMatchObject({ providers: [B] });
    expect([world.a.connects, world.b.connects]).toEqual([1, 1]);
  });

  test('whom the DHT names is asked last, and when nobody else is known', async () => {
    await using world = await atTwo(10);
    world.peers = [];
    world.inDht = [`${B}@${KEY}`];
    expect(await world.get()).toMatchObject({ providers: [B] });
    await rm(world.out, { recursive: true });
    world.peers = [C, A];
    expect(await world.get()).toMatchObject({ providers: [A] });
    expect(world.b.connects).toBe(1);
  });

  test('the DHT names another address of a peer that did not answer at its own: it is asked there', async () => {
    await using world = await atTwo(10);
    world.peers = [`${C}@${KEY}`];
    world.inDht = [`${C}@${KEY}`, `${B}@${KEY}`];
    await world.get();
    expect(world.b.connects).toBe(1);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('the link names nobody, nobody is connected: two whom the DHT names give all of it', async () => {
    await using world = await atTwo(2 * CHUNK, 3 * CHUNK);
    world.peers = [];
    world.source = null;
    world.connected = [];
    world.inDht = [`${A}@${KEY}`, `${B}@${'ce'.repeat(32)}`];
    const { providers } = await world.get();
    expect([A, B]).toEqual(expect.arrayContaining([...providers]));
    expect(await world.tree()).toEqual(world.listed);
  });

  test('one cannot be reached and the other does not have it: E_NO_PROVIDER, not what the other says', async () => {
    await using world = await atTwo(10);
    world.peers = [C, B];
    world.b.contents.clear();
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_NO_PROVIDER',
      message: expect.stringMatching(/127\.0\.0\.3.*connection refused/) as string,
    });
  });

  test('nobody can be reached: E_NO_PROVIDER with the reasons, and no folder', async () => {
    await using world = await atTwo(10);
    world.peers = [C, A];
    world.a.refuses = () => failure('E_PEER_IDENTITY', 'another key answers');
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_NO_PROVIDER',
      message: expect.stringMatching(
        /7001.*connection refused.*E_PEER_UNREACHABLE.*another key answers.*E_PEER_IDENTITY/,
      ),
    });
    world.peers = [];
    await expect(world.get()).rejects.toMatchObject({ code: 'E_NO_PROVIDER' });
    world.peers = null;
    await expect(world.get()).rejects.toMatchObject({ code: 'E_NO_PROVIDER' });
    expect(await readdir(world.root)).toEqual([]);
  });

  test.each([
    'E_PEER_UNREACHABLE',
    'E_PEER_SILENT',
    'E_PEER_PROTOCOL',
    'E_TIMEOUT',
    'E_ACTOR_DOWN',
    'E_BUSY',
  ] as const)(
    'one that fails in the middle (%s): the next one gives what is missing, and only that',
    async (code) => {
      await using world = await atTwo(...Array.from({ length: 40 }, (_, i) => 100 + i), 3 * CHUNK);
      // Else a slow machine has the second one begin before the first one is in the middle.
      world.clock = oneAtATimeClock;
      let chunks = 0;
      world.a.chunk = (bytes) => {
        if (++chunks > 20) throw failure(code, 'gone');
        return bytes;
      };
      expect(await world.get()).toMatchObject({ providers: [A, B] });
      expect(await world.tree()).toEqual(world.listed);
      // Of the batches that were cut, some files may have been whole without anybody having heard of it.
      expect(world.b.fetched.length).toBeGreaterThanOrEqual(41 - 20);
      expect(world.b.fetched.length).toBeLessThanOrEqual(41 - 20 + 10);
      expect(world.b.fetched).not.toContain(world.a.fetched[0]);
    },
  );

  test('both fail: the first failure is told, what was whole stays, the rest is gone', async () => {
    await using world = await atTwo(10, 20, 30);
    world.clock = new HastyClock();
    let chunks = 0;
    world.a.chunk = (bytes) => {
      if (++chunks > 2) throw failure('E_PEER_SILENT', 'silence');
      return bytes;
    };
    world.b.refuses = () => failure('E_PEER_UNREACHABLE', 'gone');
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_PEER_SILENT',
      message: '1 of 3 files were not had: silence',
    });
    expect(Object.keys(await world.tree())).toHaveLength(2);
  });
});

describe('wrong bytes', () => {
  test('a corrupt chunk: the next provider gives that file, the first one all others', async () => {
    await using world = await atTwo(10, 2 * CHUNK, 20);
    world.a.chunk = (bytes, id, index) =>
      id === world.items[1]!.contentId && index === 1 ? flipped(bytes) : bytes;
    expect(await world.get()).toMatchObject({ providers: [A, B] });
    expect(world.b.fetched).toEqual([world.items[1]!.contentId]);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('from everybody: E_CHUNK_CORRUPT names the file, which gets no name; what was right is kept', async () => {
    await using world = await atTwo(3 * CHUNK);
    for (const provider of [world.a, world.b])
      provider.chunk = (bytes, _, index) => (index === 2 ? flipped(bytes) : bytes);
    await expect(world.get()).rejects.toMatchObject({ code: 'E_CHUNK_CORRUPT', subject: 'folder/0.bin' });
    expect(Object.keys(await world.tree())).toEqual([expect.stringMatching(/^folder\/\.granary-.*\.part$/)]);
    world.a.chunk = world.b.chunk = (bytes) => bytes;
    expect((await world.get()).files).toMatchObject([{ resumed_bytes: 2 * CHUNK }]);
    expect(await world.tree()).toEqual(world.listed);
  });

  test.each([
    ['others', () => hashesOf(content(99, 2 * CHUNK))],
    ['a short one', () => new Uint8Array(32)],
    ['none', () => new Uint8Array(0)],
    ['a long one', () => new Uint8Array(96)],
  ])('hashes that were not signed (%s) are not believed', async (_, list) => {
    await using world = await atTwo(10, 2 * CHUNK);
    world.a.list = list;
    expect(await world.get()).toMatchObject({ providers: [A, B] });
    expect(world.a.fetched).toEqual([world.items[0]!.contentId]);
    world.b.list = list;
    world.items.splice(0, 1);
    world.items[0] = { ...world.items[0]!, path: 'elsewhere' };
    await expect(world.get()).rejects.toMatchObject({ code: 'E_CHUNK_CORRUPT', subject: 'elsewhere' });
  });

  test('chunks that fit and a whole that does not: the publisher’s fault, that file alone', async () => {
    await using world = await atTwo(10);
    world.clock = oneAtATimeClock;
    const [signed, other] = [content(7, 2 * CHUNK), content(8, 2 * CHUNK)];
    world.share('bad.bin', other, { contentId: idOf(signed) });
    world.share('bad twin.bin', other, { contentId: idOf(signed) });
    world.share('bad empty', new Uint8Array(0), { contentId: idOf(signed), size: 0 });
    world.a.contents.set(idOf(signed), other);
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_FILE_CORRUPT',
      subject: 'bad.bin',
      message: expect.stringContaining('3 of 4 files'),
    });
    expect(await world.tree()).toEqual({ 'folder/0.bin': world.items[0]!.contentId });
    expect(world.b.connects).toBe(0);
  });
});

describe('what a provider does not have', () => {
  test('one file among many: all the others come, the error says which one', async () => {
    await using world = await World.make();
    for (let i = 0; i < 300; i++) world.share(`f/${i}`, content(i, 50));
    const lacking = world.items[123]!;
    world.provider().contents.delete(lacking.contentId);
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_PEER_ERROR',
      subject: 'f/123',
      message: '1 of 300 files were not had: the peer answered: chunk not found',
    });
    const { 'f/123': _, ...rest } = world.listed;
    expect(await world.tree()).toEqual(rest);
  });

  test('is told after wrong bytes, which matter more', async () => {
    await using world = await atTwo(10, 20, 30);
    world.peers = [A];
    world.a.contents.delete(world.items[0]!.contentId);
    world.a.chunk = (bytes) => (bytes.length === 30 ? flipped(bytes) : bytes);
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_CHUNK_CORRUPT',
      subject: 'folder/2.bin',
      message: expect.stringMatching(/^2 of 3 files were not had: chunk 0 came twice/),
    });
  });

  test('is had from the next one', async () => {
    await using world = await atTwo(...Array.from({ length: 100 }, (_, i) => i + 1), 2 * CHUNK);
    for (const at of [3, 50, 51, 100]) world.a.contents.delete(world.items[at]!.contentId);
    expect(await world.get()).toMatchObject({ providers: [A, B] });
    // The second one also takes what the first has not brought within a quarter of a second.
    const lacking = [3, 50, 51, 100].map((at) => world.items[at]!.contentId);
    expect(world.b.fetched).toEqual(expect.arrayContaining(lacking));
    expect(await world.tree()).toEqual(world.listed);
  });

  test('a provider that has nothing of it is left soon', async () => {
    await using world = await atTwo(...Array.from({ length: 600 }, (_, i) => i + 1));
    world.a.contents.clear();
    expect(await world.get()).toMatchObject({ providers: [B] });
    expect(world.a.batches.length).toBeLessThan(60);
  });

  test('one that counts requests for hash lists is given time', async () => {
    await using world = await World.make();
    world.clock = new HastyClock();
    for (let i = 0; i < 30; i++) world.share(`${i}`, content(i, CHUNK + 1 + i));
    let asked = 0;
    const provider = world.provider();
    provider.list = (id) => {
      if (++asked > 10 && asked < 60) {
        throw failure('E_PEER_ERROR', 'fetch request rate limit exceeded', { retryable: true });
      }
      return hashesOf(provider.contents.get(id)!);
    };
    await world.get();
    expect(await world.tree()).toEqual(world.listed);
  });

  test('and while it takes its time, another one is asked for the list', async () => {
    await using world = await atTwo(2 * CHUNK);
    const never = () => {
      throw failure('E_PEER_ERROR', 'fetch request rate limit exceeded', { retryable: true });
    };
    world.a.list = never;
    const from = performance.now();
    expect(await world.get()).toMatchObject({ providers: [B] });
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('but not for ever', async () => {
    await using world = await World.make();
    world.clock = new HastyClock();
    world.share('a', content(1, 2 * CHUNK));
    world.provider().list = () => {
      throw failure('E_PEER_ERROR', 'fetch request rate limit exceeded', { retryable: true });
    };
    await expect(world.get()).rejects.toMatchObject({ code: 'E_PEER_ERROR' });
    expect(world.provider().listed.length).toBeGreaterThan(10);
    expect(world.provider().listed.length).toBeLessThan(30);
  });
});

test('thousands of small files: a few batches at once, each of bounded length, none of it in lockstep', async () => {
  await using world = await World.make();
  for (let i = 0; i < 3000; i++) world.share(`${i % 40}/${i}.txt`, content(i, 30 + (i % 7)));
  const { files, progress } = await world.get();
  expect(files).toHaveLength(3000);
  expect(await world.tree()).toEqual(world.listed);
  const provider = world.provider();
  expect(Math.max(...provider.batches)).toBe(256);
  expect(provider.mostFetches).toBeLessThanOrEqual(3);
  expect(provider.mostFetches).toBeGreaterThan(1);
  expect(provider.fetched).toHaveLength(3000);
  expect(progress.length).toBeGreaterThan(0);
  for (const [i, { files: count, bytes }] of progress.entries()) {
    expect(count).toBeGreaterThanOrEqual(progress[i - 1]?.files ?? 0);
    expect(bytes).toBeGreaterThanOrEqual(progress[i - 1]?.bytes ?? 0);
  }
}, 30_000);
