import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { A, B, content, SHARE, World } from './world.ts';

const CHUNK = 262_144;
const WINDOW = 8;

test('a sequential download is never further ahead than its window, with a slow provider and a fast one', async () => {
  await using world = await World.make();
  world.config = { readAheadBytes: 1 << 20 };
  world.peers = [A, B];
  const bytes = content(1, 60 * CHUNK + 5);
  world.share('film.mkv', bytes);
  world.provider(B).put(bytes);
  const here = new Set<number>();
  let first = 0;
  let furthest = 0;
  const comes = (chunk: Uint8Array, index: number) => {
    furthest = Math.max(furthest, index - first);
    here.add(index);
    while (here.has(first)) first++;
    return chunk;
  };
  world.provider(A).chunk = async (chunk, _id, index) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return comes(chunk, index);
  };
  world.provider(B).chunk = (chunk, _id, index) => comes(chunk, index);
  const [{ id }] = [await world.ask('add', { target: SHARE, directory: world.out, sequential: true })];
  await world.get();
  expect(await world.tree()).toEqual(world.listed);
  expect(first).toBe(61);
  // The window is 4 chunks; what the schedule hears of a chunk comes a little after the chunk.
  expect(furthest).toBeLessThanOrEqual(WINDOW);
  expect(await world.ask('queue', null)).toMatchObject([{ id, sequential: true }]);
});

test('asked for again it is the same transfer, now in order; asked for without a word it stays as it is', async () => {
  await using world = await World.make();
  world.share('film.mkv', content(1, CHUNK));
  world.provider(A).chunk = (_bytes, _id, _index, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  const request = { target: SHARE, directory: world.out };
  const before = await world.ask('add', request);
  expect(before.sequential).toBe(false);
  expect(await world.ask('add', { ...request, sequential: true })).toMatchObject({
    id: before.id,
    sequential: true,
  });
  expect(await world.ask('add', request)).toMatchObject({ id: before.id, sequential: true });
  // It is in the ledger too.
  await world.kill();
  expect(await world.ask('queue', null)).toMatchObject([{ id: before.id, sequential: true }]);
  await world.ask('cancel', { ids: null });
});

test.runIf(process.platform === 'linux')('large files have their blocks before their octets', async () => {
  await using world = await World.make();
  world.config = { preallocate: true };
  const bytes = content(1, (16 << 20) + 1);
  const item = world.share('large.bin', bytes);
  world.share('small.bin', content(2, CHUNK));
  const blocks: number[] = [];
  world.provider(A).chunk = async (chunk, id, index) => {
    if (id === item.contentId && index === 0) {
      const names = await world.tree();
      const part = Object.keys(names).find((name) => name.includes('.granary-'))!;
      blocks.push((await stat(join(world.out, part))).blocks * 512);
    }
    return chunk;
  };
  await world.get();
  expect(blocks).toEqual([expect.any(Number)]);
  expect(blocks[0]).toBeGreaterThanOrEqual(bytes.length);
  expect(await world.tree()).toEqual(world.listed);
});
