import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { DownloadResult } from '../../../src/actors/transfer/contract.ts';
import { failure } from '../../../src/errors.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { oneAtATimeClock } from './one-at-a-time-clock.ts';
import { A, B, content, SHARE, World } from './world.ts';

const CHUNK = 262_144;

/** A download of many files that stands still once some of it has come. */
async function halfway(): Promise<World & { stuck: Promise<void> }> {
  const world = await World.make();
  for (let i = 0; i < 60; i++)
    world.share(`deep/${i % 5}/${i}`, content(i, i % 10 === 9 ? 3 * CHUNK : 500 + i));
  world.share('twin', content(0, 500));
  const { promise: stuck, resolve } = Promise.withResolvers<void>();
  let chunks = 0;
  world.provider().chunk = async (bytes, _id, _chunk, signal) => {
    if (++chunks < 40) return bytes;
    resolve();
    signal.throwIfAborted();
    return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  return Object.assign(world, { stuck });
}

/** What a download may leave: whole files of the share, what came of others, and no folder that is empty. */
async function expectNoLeftovers(world: World): Promise<number> {
  const all = Object.entries(await world.tree());
  const tree = Object.fromEntries(all.filter(([name]) => !name.endsWith('.part')));
  expect(world.listed).toMatchObject(tree);
  for (const entry of await readdir(world.out, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) expect(await readdir(join(entry.parentPath, entry.name))).not.toEqual([]);
  }
  return Object.keys(tree).length;
}

describe('cancelled in the middle', () => {
  test('by its signal: E_ABORTED, whole files stay, nothing else', async () => {
    await using world = await halfway();
    const caller = new AbortController();
    const ended = expect(world.get(SHARE, caller.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    await world.stuck;
    caller.abort(new ActorError('E_ABORTED', 'cancelled by the caller'));
    await ended;
    expect(await expectNoLeftovers(world)).toBeLessThan(60);
    await vi.waitFor(() => expect(world.provider().openFetches).toBe(0));
  });

  test('by a signal with any reason', async () => {
    await using world = await halfway();
    const caller = new AbortController();
    const ended = expect(world.get(SHARE, caller.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    await world.stuck;
    caller.abort();
    await ended;
    await expectNoLeftovers(world);
  });

  test('by leaving the stream', async () => {
    await using world = await halfway();
    for await (const { kind } of world.start()) {
      expect(kind).toBe('progress');
      await world.stuck;
      break;
    }
    await expectNoLeftovers(world);
    await vi.waitFor(() => expect(world.provider().openFetches).toBe(0));
  });

  test('by a stop of the node, which waits until all is clean; and then nothing new begins', async () => {
    await using world = await halfway();
    const ended = expect(world.get()).rejects.toMatchObject({ code: 'E_ABORTED' });
    await world.stuck;
    const behaviour = await world.behaviour;
    behaviour.quiesce?.();
    await expect(world.get()).rejects.toMatchObject({ code: 'E_BUSY' });
    await world.stop();
    await expectNoLeftovers(world);
    await ended;
  });

  test('before it began', async () => {
    await using world = await halfway();
    await expect(world.get(SHARE, AbortSignal.abort())).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(await readdir(world.root)).toEqual([]);
  });

  test('while a whole file is hashed', async () => {
    await using world = await World.make();
    world.share('a', content(1, 2 * CHUNK));
    const caller = new AbortController();
    world.beforeIdentify = () => {
      caller.abort();
      return new Promise(() => {});
    };
    await expect(world.get(SHARE, caller.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(Object.keys(await world.tree())).toEqual([expect.stringMatching(/^\.granary-.*\.part$/)]);
    expect(await world.ask('queue', null)).toMatchObject([{ state: 'paused', bytes: 2 * CHUNK }]);
    world.beforeIdentify = () => {};
    const chunks = world.provider().chunks.length;
    expect((await world.get()).files).toMatchObject([{ resumed_bytes: 2 * CHUNK }]);
    expect(world.provider().chunks).toHaveLength(chunks);
    expect(await world.tree()).toEqual(world.listed);
  });
});

describe('the disk', () => {
  test.each([
    ['a petabyte', 2 ** 50],
    ['all that can be counted', Number.MAX_SAFE_INTEGER - 10],
  ])('too little room for %s: said before anything is written, with what is missing', async (_, size) => {
    await using world = await World.make();
    world.share('a', content(1, 10));
    world.share('huge', content(2, 10), { size });
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_NO_SPACE',
      message: expect.stringMatching(
        new RegExp(`needs ${BigInt(size) + 10n} bytes, \\d{15,16} more than are free`),
      ),
    });
    expect(await readdir(world.root)).toEqual([]);
    expect(world.provider().connects).toBe(0);
  });

  test('what is there already needs no room', async () => {
    await using world = await World.make();
    world.share('a', content(1, 10));
    await world.get();
    expect(await stat(join(world.out, 'a'))).toMatchObject({ size: 10 });
    expect((await world.get()).files[0]).toMatchObject({ resumed_bytes: 10 });
  });

  test('an error of it in the middle ends the download; no other provider is asked', async () => {
    await using world = await World.make();
    world.peers = [A, B];
    world.provider(B);
    world.clock = oneAtATimeClock;
    for (let i = 0; i < 40; i++) world.share(`f/${i}`, content(i, 100 + i));
    let chunks = 0;
    world.provider().chunk = (bytes) => {
      if (++chunks > 10) throw failure('E_IO', 'the disk is ill', { subject: 'somewhere' });
      return bytes;
    };
    await expect(world.get()).rejects.toMatchObject({ code: 'E_IO', message: 'the disk is ill' });
    await expectNoLeftovers(world);
    expect(world.provider(B).connects).toBe(0);
    expect(await world.ask('queue', null)).toMatchObject([{ state: 'failed', error: { code: 'E_IO' } }]);
  });

  test('full in the middle: the download waits, whoever follows it sees that, and it goes on by itself', async () => {
    await using world = await World.make();
    const clock = new ManualClock();
    world.clock = {
      now: () => performance.now(),
      wall: () => 0,
      // What waits for seconds waits until the test says so.
      after: (ms, callback) => (ms >= 5_000 ? clock : systemClock).after(ms, callback),
    };
    world.share('big', content(1, 9 * CHUNK));
    let full = true;
    let chunks = 0;
    world.provider().chunk = (bytes) => {
      if (full && ++chunks > 4) throw failure('E_NO_SPACE', 'no space left on device', { subject: 'big' });
      return bytes;
    };
    const phases = new Set<string>();
    let result: DownloadResult | null = null;
    const following = (async () => {
      for await (const event of world.start()) {
        if (event.kind === 'progress') phases.add(event.progress.phase);
        else result = event.result;
      }
    })();
    await vi.waitFor(() => expect(phases).toContain('waiting'));
    expect(await world.ask('queue', null)).toMatchObject([
      { state: 'paused', error: { code: 'E_NO_SPACE' }, bytes: expect.any(Number) as number },
    ]);
    const before = world.provider().chunks.length;
    await clock.advance(10_000);
    await vi.waitFor(async () => expect(phases).toContain('waiting'));
    full = false;
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      await following;
      expect(result).not.toBeNull();
    });
    expect(await world.tree()).toEqual(world.listed);
    expect(world.provider().chunks.length).toBeLessThan(before + 9 + 9);
    expect(await world.ask('queue', null)).toMatchObject([{ state: 'done', error: null }]);
  });

  test('one that waits for room can be paused and cancelled', async () => {
    await using world = await World.make();
    world.share('huge', content(2, 10), { size: 2 ** 50 });
    const { id } = await world.ask('add', { target: SHARE, directory: world.out });
    await vi.waitFor(async () =>
      expect(await world.ask('queue', null)).toMatchObject([
        { state: 'paused', error: { code: 'E_NO_SPACE' } },
      ]),
    );
    expect(await world.ask('pause', { ids: [id] })).toMatchObject([{ state: 'paused', error: null }]);
    await world.ask('cancel', { ids: [id] });
    expect(await world.ask('queue', null)).toEqual([]);
    expect(await readdir(world.root)).toEqual([]);
  });
});
