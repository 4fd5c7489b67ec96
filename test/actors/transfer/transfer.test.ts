import { expect, test } from 'vitest';
import { A, content, SHARE, World } from './world.ts';

const CHUNK = 262_144;

test('a share comes whole: every size at the borders of a chunk, in the folders of the share', async () => {
  await using world = await World.make();
  const sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 17];
  const expected: Record<string, Uint8Array> = {};
  for (const [i, size] of sizes.entries()) {
    const path = `${i % 2 ? 'albums/blue train/' : ''}${size} bytes.bin`;
    expected[path] = content(i, size);
    world.share(path, expected[path]);
  }
  const { progress, ...result } = await world.get();
  expect(await world.tree()).toEqual(expected);
  expect(result).toMatchObject({
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    providers: [A],
    files: world.items.map((item) => ({
      content_id: item.contentId,
      path: `${world.out}/${item.path}`,
      bytes: item.size,
      resumed_bytes: 0,
    })),
    spent: { verify: expect.closeTo(0.002, 2), write: expect.closeTo(0.001, 2) },
  });
  expect(result.rate).toBeCloseTo(result.bytes / result.seconds, 3);
  expect(progress.at(-1)).toMatchObject({
    phase: 'finish',
    files: sizes.length,
    files_total: sizes.length,
    bytes: result.bytes,
    bytes_total: result.bytes,
    eta: 0,
    peers: 0,
  });
  expect(Object.fromEntries(world.metrics)).toEqual({
    downloads: 1,
    files_completed: sizes.length,
    bytes_completed: result.bytes,
  });
  // One chunk: its hash is the id. Nothing: nothing.
  expect(world.provider().listed).toHaveLength(3);
  expect(SHARE).toHaveLength(64);
});
