import { mkdir, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DownloadRequest, DownloadResult } from '../../../src/actors/transfer/contract.ts';
import { content, idOf, SHARE, World } from './world.ts';

const CHUNK = 262_144;

async function get(world: World, request: Partial<DownloadRequest>): Promise<DownloadResult> {
  const { handlers } = await world.behaviour;
  const call = { signal: new AbortController().signal, remainingMs: () => Number.POSITIVE_INFINITY };
  for await (const event of handlers.download({ target: SHARE, directory: world.out, ...request }, call)) {
    if (event.kind === 'done') return event.result;
  }
  throw new Error('the stream ended without a result');
}

describe('what lies on this disk already', () => {
  async function shelf(): Promise<World & { mine: string }> {
    const world = await World.make();
    world.share('albums/a.flac', content(1, 3 * CHUNK + 5));
    world.share('albums/b.flac', content(2, 1000));
    world.share('albums/c.flac', content(3, 1000));
    world.share('albums/twin.flac', content(2, 1000));
    world.share('empty', new Uint8Array(0));
    const mine = join(world.root, 'mine');
    await mkdir(join(mine, 'x/y'), { recursive: true });
    await writeFile(join(mine, 'x/y/a.flac'), content(1, 3 * CHUNK + 5));
    await writeFile(join(mine, 'x/other name.bin'), content(2, 1000));
    await writeFile(join(mine, 'c.flac'), content(99, 1000));
    await writeFile(join(mine, 'no match'), content(98, 77));
    await symlink('/etc', join(mine, 'link'));
    return Object.assign(world, { mine });
  }

  test('is found by size and content, under any name, and served from there; the rest is fetched', async () => {
    await using world = await shelf();
    const before = await stat(join(world.mine, 'x/y/a.flac'), { bigint: true });
    const { files, providers } = await get(world, { adopt: world.mine });
    expect(files.map(({ path, resumed_bytes }) => [path, resumed_bytes])).toEqual([
      [join(world.mine, 'x/y/a.flac'), 3 * CHUNK + 5],
      [join(world.mine, 'x/other name.bin'), 1000],
      [join(world.out, 'albums/c.flac'), 0],
      [join(world.mine, 'x/other name.bin'), 1000],
      [join(world.out, 'empty'), 0],
    ]);
    expect(providers).toHaveLength(1);
    expect(new Set(world.provider().fetched)).toEqual(new Set([world.items[2]!.contentId]));
    expect(await stat(join(world.mine, 'x/y/a.flac'), { bigint: true })).toMatchObject({
      ino: before.ino,
      mtimeNs: before.mtimeNs,
    });
    expect(world.held.map(({ path, contentId }) => [path, contentId])).toEqual(
      expect.arrayContaining([
        [join(world.mine, 'x/y/a.flac'), world.items[0]!.contentId],
        [join(world.mine, 'x/other name.bin'), world.items[1]!.contentId],
        [join(world.out, 'albums/c.flac'), world.items[2]!.contentId],
      ]),
    );
    expect(world.hashLists.has(world.items[0]!.contentId)).toBe(true);
    // Only what could be it was hashed, each once.
    expect(world.verified.map((path) => path.slice(world.mine.length + 1)).sort()).toEqual(
      ['c.flac', 'x/other name.bin', 'x/y/a.flac'].sort(),
    );
  });

  test('found before, and looking the same, it is not hashed again', async () => {
    await using world = await shelf();
    await get(world, { adopt: world.mine });
    for (const held of world.held) world.leases.set(held.contentId, { ...held, epoch: 1 });
    await world.ask('cancel', { ids: null });
    world.verified.length = 0;
    await get(world, { adopt: world.mine });
    // Of the size of the one that is not there, the others are looked at again.
    expect(world.verified).not.toContain(join(world.mine, 'x/y/a.flac'));
    await utimes(join(world.mine, 'x/y/a.flac'), 1, 1);
    await world.ask('cancel', { ids: null });
    await get(world, { adopt: world.mine });
    expect(world.verified).toContain(join(world.mine, 'x/y/a.flac'));
  });

  test('a folder that is none', async () => {
    await using world = await shelf();
    await expect(get(world, { adopt: join(world.root, 'nowhere') })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      subject: join(world.root, 'nowhere'),
    });
    await expect(get(world, { adopt: 'relative' })).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
  });
});

test('what was downloaded is served, as it lies there', async () => {
  await using world = await World.make();
  world.share('a/b.bin', content(1, 2 * CHUNK));
  world.share('c.bin', content(2, 7));
  await world.get();
  for (const { path, contentId, mtimeNs, inode, chunkListHash } of world.held) {
    const found = await stat(path, { bigint: true });
    expect({ mtimeNs, inode }).toEqual({ mtimeNs: found.mtimeNs, inode: found.ino });
    const item = world.items.find((one) => one.contentId === contentId)!;
    expect([path, chunkListHash]).toEqual([join(world.out, item.path!), item.chunkListHash]);
  }
  expect(world.held).toHaveLength(2);
});

describe('only some files', () => {
  test('by name or path; another choice is another transfer', async () => {
    await using world = await World.make();
    for (const [i, path] of ['a/1.flac', 'a/2.FLAC', 'b/3.flac', 'b/cover.jpg'].entries()) {
      world.share(path, content(i, 10 + i));
    }
    expect((await get(world, { only: ['*.flac'] })).files).toHaveLength(3);
    expect(Object.keys(await world.tree()).sort()).toEqual(['a/1.flac', 'a/2.FLAC', 'b/3.flac']);
    await get(world, { only: ['b/*.jpg', 'nothing'] });
    expect(Object.keys(await world.tree())).toContain('b/cover.jpg');
    expect(await world.ask('queue', null)).toHaveLength(2);
    await expect(get(world, { only: ['*.mp3'] })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });
});

describe('categories', () => {
  test('name the folder; one that is not in the settings is refused', async () => {
    await using world = await World.make();
    const music = join(world.root, 'my = music');
    world.config = { categories: [`music=${music}`, 'films=/films'] };
    world.share('a', content(1, 10));
    await get(world, { category: 'music', directory: undefined });
    expect(await readdir(music)).toEqual(['a']);
    expect(await world.ask('queue', null)).toMatchObject([{ category: 'music', directory: music }]);
    await get(world, { category: 'music' });
    expect(await readdir(world.out)).toEqual(['a']);
    await rm(music, { recursive: true });
    await expect(get(world, { category: 'books', directory: undefined })).rejects.toMatchObject({
      code: 'E_USAGE',
      next: expect.stringContaining('music, films') as string,
    });
    await expect(get(world, { directory: undefined })).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(idOf(content(1, 10))).toHaveLength(64);
  });
});
