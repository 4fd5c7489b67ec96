import { readdirSync, statSync, truncateSync } from 'node:fs';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { A, content, idOf, SHARE, World } from './world.ts';

const CHUNK = 262_144;

test('a share comes whole: every size at the borders of a chunk, in the folders of the share', async () => {
  await using world = await World.make();
  const sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 17];
  for (const [i, size] of sizes.entries()) {
    world.share(`${i % 2 ? 'albums/blue train/' : ''}${size} bytes.bin`, content(i, size));
  }
  const { progress, ...result } = await world.get();
  expect(await world.tree()).toEqual(world.listed);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(result).toMatchObject({
    bytes,
    providers: [A],
    files: world.items.map((item) => ({
      content_id: item.contentId,
      path: `${world.out}/${item.path}`,
      bytes: item.size,
      resumed_bytes: 0,
    })),
    spent: { verify: 0.002, write: 0.001 },
  });
  expect(result.rate).toBeCloseTo(bytes / result.seconds, 3);
  expect(progress.at(-1)).toMatchObject({
    phase: 'finish',
    files: sizes.length,
    files_total: sizes.length,
    bytes,
    bytes_total: bytes,
    eta: 0,
    peers: 0,
  });
  expect(Object.fromEntries(world.metrics)).toEqual({
    downloads: 1,
    files_completed: sizes.length,
    bytes_completed: bytes,
  });
  // The hash of one chunk is the id of its file, and an empty file has none: neither is asked for, or hashed again.
  const longer = world.items.filter(({ size }) => size > CHUNK).map(({ contentId }) => contentId);
  expect(world.provider().listed.sort()).toEqual(longer.sort());
  expect(world.identified).toHaveLength(longer.length);
});

test('many small files are written down in groups: what finishes during one transaction goes into the next', async () => {
  await using world = await World.make();
  for (let i = 0; i < 400; i++) world.share(`${i}.bin`, content(i, 100));
  let held = 0;
  let noted = 0;
  // A disk that takes a while for each transaction.
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  world.beforeHold = () => {
    held++;
    return slow();
  };
  world.beforeNote = () => {
    noted++;
    return slow();
  };
  await world.get();
  expect(world.held).toHaveLength(400);
  // At one by one, 800.
  expect(held + noted).toBeLessThan(120);
});

test('a file that its shard identified as it came is not read again; one that it says is another, is', async () => {
  await using world = await World.make();
  for (const path of ['a', 'b', 'c']) world.share(path, content(path.charCodeAt(0), 2 * CHUNK + 1));
  const [a, b] = world.items;
  world.provider().identifies = (contentId) =>
    contentId === a!.contentId ? contentId : contentId === b!.contentId ? a!.contentId : null;
  await world.get();
  expect(await world.tree()).toEqual(world.listed);
  expect(world.identified).toHaveLength(2);
});

test('one that was cut short after its last chunk came is read all the same, and what is lost comes again', async () => {
  await using world = await World.make();
  for (const [path, size] of [
    ['long', 3 * CHUNK + 1],
    ['short', 500],
  ] as const) {
    world.share(path, content(size, size));
  }
  const cut = new Set<string>();
  world.provider().identifies = (contentId) => {
    const { size } = world.items.find((item) => item.contentId === contentId)!;
    const part = readdirSync(world.out).find(
      (name) => name.endsWith('.part') && statSync(join(world.out, name)).size === size,
    );
    if (!cut.has(contentId)) truncateSync(join(world.out, part!), size - 100);
    cut.add(contentId);
    return contentId;
  };
  await world.get();
  expect(cut.size).toBe(2);
  expect(await world.tree()).toEqual(world.listed);
});

test('files are for whoever runs the node alone', async () => {
  await using world = await World.make();
  world.share('a', content(1, 10));
  const { files } = await world.get();
  expect((await stat(files[0]!.path)).mode & 0o777).toBe(0o600);
});

test('the same content is fetched once, and lies in every place', async () => {
  await using world = await World.make();
  for (const path of ['a', 'b', 'deep/c']) world.share(path, content(1, 2 * CHUNK));
  for (const path of ['d', 'e']) world.share(path, new Uint8Array(0));
  const { bytes, files } = await world.get();
  expect(await world.tree()).toEqual(world.listed);
  expect(world.provider().fetched).toHaveLength(1);
  expect(bytes).toBe(6 * CHUNK);
  expect(files.map(({ resumed_bytes }) => resumed_bytes)).toEqual([0, 0, 0, 0, 0]);
  for (const { path } of files) expect((await stat(path)).mode & 0o777).toBe(0o600);
});

describe('what a target means', () => {
  async function shelf(): Promise<World> {
    const world = await World.make();
    world.share('albums/blue train/cover.jpg', content(1, 10));
    world.share('albums/blue train/01.flac', content(2, 10));
    world.share('albums/other/cover.jpg', content(3, 10));
    world.share(null, content(4, 10), { name: 'no path/at all' });
    return world;
  }

  test.each([
    [
      SHARE,
      [
        'albums/blue train/01.flac',
        'albums/blue train/cover.jpg',
        'albums/other/cover.jpg',
        'no path_at all',
      ],
    ],
    [
      `${SHARE}/albums`,
      ['albums/blue train/01.flac', 'albums/blue train/cover.jpg', 'albums/other/cover.jpg'],
    ],
    [`${SHARE}/albums/blue train`, ['blue train/01.flac', 'blue train/cover.jpg']],
    [`${SHARE}/albums/blue train/`, ['blue train/01.flac', 'blue train/cover.jpg']],
    [`${SHARE}/albums/other/cover.jpg`, ['cover.jpg']],
    [idOf(content(3, 10)), ['cover.jpg']],
  ])('%s', async (target, names) => {
    await using world = await shelf();
    await world.get(target);
    expect(Object.keys(await world.tree()).sort()).toEqual(names);
  });

  test('a content id that several shares list is one file, and all their peers are asked', async () => {
    await using world = await World.make();
    world.share('one name.txt', content(1, 10));
    world.share('another name.txt', content(1, 10), { shareId: 'cd'.repeat(32) });
    const { files } = await world.get(idOf(content(1, 10)));
    expect(files.map(({ path }) => path)).toEqual([join(world.out, 'one name.txt')]);
  });

  test('nothing of that name: E_NOT_FOUND, and no folder is made', async () => {
    await using world = await shelf();
    await expect(world.get('00'.repeat(32))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(world.get(`${SHARE}/nowhere`)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(stat(world.out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['relative/folder', '', '/nul\0byte'])('the folder %j is none', async (directory) => {
    await using world = await shelf();
    const pull = async () => {
      for await (const _ of world.start(SHARE, undefined, directory));
    };
    await expect(pull()).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
  });
});

test('hostile names end inside the folder, each with a place of its own', async () => {
  await using world = await World.make();
  const paths = [
    '../../escape',
    '/etc/passwd',
    'a/../../../b',
    'CON',
    'con',
    'trailing. ',
    'folder',
    'folder/inside',
    'FOLDER/inside',
    'caf\u00e9',
    'cafe\u0301',
    `${'n'.repeat(300)}.txt`,
    `${'n'.repeat(400)}.txt`,
    `${'d/'.repeat(3000)}deep`,
    'photo\u202egnp.exe',
  ];
  for (const [i, path] of paths.entries()) world.share(path, content(i, 100 + i));
  const { files } = await world.get();
  expect(new Set(files.map(({ path }) => path)).size).toBe(paths.length);
  expect(await readdir(world.root)).toEqual(['out']);
  const tree = await world.tree();
  expect(Object.values(tree).sort()).toEqual(world.items.map(({ contentId }) => contentId).sort());
  for (const { path, content_id } of files) expect(tree[path.slice(world.out.length + 1)]).toBe(content_id);
});

describe('what lies there already', () => {
  test('the very same files: nothing is fetched, nobody is asked', async () => {
    await using world = await World.make();
    for (const [i, size] of [0, 5, CHUNK, 3 * CHUNK].entries()) world.share(`f/${i}`, content(i, size));
    await world.get();
    world.providers.clear();
    const again = await world.get();
    expect(again.files.map((file) => file.resumed_bytes)).toEqual([0, 5, CHUNK, 3 * CHUNK]);
    expect(again).toMatchObject({ bytes: 4 * CHUNK + 5, providers: [], rate: 0 });
    expect(again.progress.at(-1)).toMatchObject({ files: 4, bytes: 4 * CHUNK + 5, eta: 0 });
    expect(await world.tree()).toEqual(world.listed);
  });

  test('one of the same content beside: copied, not fetched', async () => {
    await using world = await World.make();
    world.share('b', content(1, 2 * CHUNK));
    world.share('a', content(1, 2 * CHUNK));
    await mkdir(world.out);
    await writeFile(join(world.out, 'a'), content(1, 2 * CHUNK));
    world.providers.clear();
    expect((await world.get()).files.map((file) => file.resumed_bytes)).toEqual([0, 2 * CHUNK]);
    expect(await world.tree()).toEqual(world.listed);
  });

  test('another file keeps its name; what comes gets a number, and is found there the next time', async () => {
    await using world = await World.make();
    world.share('cover.jpg', content(1, 10));
    world.share('cover (2).jpg', content(2, 10));
    await mkdir(world.out);
    await writeFile(join(world.out, 'cover.jpg'), 'mine, same size'.slice(0, 10));
    await writeFile(join(world.out, 'cover (3).jpg'), 'mine');
    const { files } = await world.get();
    expect(files.map(({ path }) => path)).toEqual(
      ['cover (4).jpg', 'cover (2).jpg'].map((name) => join(world.out, name)),
    );
    const before = await world.tree();
    expect(before).toMatchObject({
      'cover.jpg': idOf(Buffer.from('mine, same')),
      'cover (3).jpg': idOf(Buffer.from('mine')),
      'cover (4).jpg': idOf(content(1, 10)),
    });
    world.providers.clear();
    expect((await world.get()).files.map((file) => file.resumed_bytes)).toEqual([10, 10]);
    expect(await world.tree()).toEqual(before);
  });

  test('a link or a folder with the name of a file is left alone', async () => {
    await using world = await World.make();
    await mkdir(join(world.out, 'folder'), { recursive: true });
    await writeFile(join(world.root, 'outside'), 'untouched');
    await symlink(join(world.root, 'outside'), join(world.out, 'link'));
    await symlink(join(world.root, 'nowhere'), join(world.out, 'dangling'));
    for (const path of ['folder', 'link', 'dangling']) world.share(path, content(1, 9));
    await world.get();
    expect(await world.tree()).toEqual({
      link: 'neither',
      dangling: 'neither',
      'folder (2)': idOf(content(1, 9)),
      'link (2)': idOf(content(1, 9)),
      'dangling (2)': idOf(content(1, 9)),
    });
    expect(await world.tree(world.root)).toMatchObject({ outside: idOf(Buffer.from('untouched')) });
  });

  test.each([
    ['a link to a folder', (path: string, root: string) => symlink(root, path)],
    ['a file', (path: string) => writeFile(path, 'mine')],
  ])('%s in the way of a folder: refused before anything is written', async (_, put) => {
    await using world = await World.make();
    await mkdir(join(world.out, 'albums'), { recursive: true });
    await put(join(world.out, 'albums', 'blue'), world.root);
    world.share('first', content(1, 10));
    world.share('albums/blue/deeper/cover.jpg', content(2, 10));
    await expect(world.get()).rejects.toMatchObject({
      code: 'E_PATH_INVALID',
      subject: join(world.out, 'albums', 'blue'),
    });
    expect(await readdir(world.root)).toEqual(['out']);
    expect(await readdir(world.out)).toEqual(['albums']);
  });

  test('the folder that was named may be a link; a file is no folder', async () => {
    await using world = await World.make();
    world.share('a', content(1, 10));
    await mkdir(join(world.root, 'real'));
    await symlink(join(world.root, 'real'), world.out);
    await world.get();
    expect(await world.tree(join(world.root, 'real'))).toEqual(world.listed);
    const pull = async (directory: string) => {
      for await (const _ of world.start(SHARE, undefined, directory));
    };
    await expect(pull(join(world.out, 'a'))).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
    await expect(pull(join(world.out, 'a', 'b'))).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
  });

  test('a name taken while the file came: the other one stays', async () => {
    await using world = await World.make();
    world.share('x.bin', content(1, 2 * CHUNK));
    world.share('y.bin', content(2, 2 * CHUNK));
    world.beforeIdentify = async () => {
      await writeFile(join(world.out, 'x.bin'), 'mine');
      await writeFile(join(world.out, 'y.bin'), content(2, 2 * CHUNK));
    };
    const { files } = await world.get();
    expect(files.map(({ path }) => path)).toEqual([join(world.out, 'x (2).bin'), join(world.out, 'y.bin')]);
    expect(await world.tree()).toEqual({
      'x.bin': idOf(Buffer.from('mine')),
      'x (2).bin': idOf(content(1, 2 * CHUNK)),
      'y.bin': idOf(content(2, 2 * CHUNK)),
    });
  });

  test('two downloads to one folder at once end with one set of files', async () => {
    await using world = await World.make();
    for (let i = 0; i < 40; i++) world.share(`${i % 3}/${i}`, content(i, 1000 + i));
    const both = await Promise.all([world.get(), world.get()]);
    expect(both[0].files).toEqual(both[1].files.map((file) => ({ ...file, resumed_bytes: 0 })));
    expect(await world.tree()).toEqual(world.listed);
  });
});

describe('what this node publishes itself', () => {
  async function published(bytes: Uint8Array): Promise<World> {
    const world = await World.make();
    const { contentId, size } = world.share('folder/own.bin', bytes);
    const path = join(world.root, 'source.bin');
    await writeFile(path, bytes, { mode: 0o444 });
    const looks = { mtimeNs: 0n, ctimeNs: 0n, inode: 0n };
    world.leases.set(contentId, { contentId, size, path, epoch: 1, ...looks });
    world.peers = null;
    return world;
  }

  test('is copied from this disk', async () => {
    await using world = await published(content(1, 3 * CHUNK + 1));
    world.share('twin.bin', content(1, 3 * CHUNK + 1));
    const { providers, progress } = await world.get();
    expect(await world.tree()).toEqual(world.listed);
    expect(providers).toEqual([]);
    expect(world.routed).toEqual([]);
    expect(progress.at(-1)).toMatchObject({ bytes: 6 * CHUNK + 2, files: 2 });
  });

  test('and changed meanwhile, is an error that names the source', async () => {
    await using world = await published(content(1, 1000));
    await writeFile(join(world.root, 'other.bin'), content(2, 1000));
    const lease = [...world.leases.values()][0]!;
    world.leases.set(lease.contentId, { ...lease, path: join(world.root, 'other.bin') });
    await expect(world.get()).rejects.toMatchObject({ code: 'E_FILE_CHANGED' });
    world.leases.set(lease.contentId, { ...lease, path: join(world.root, 'gone.bin') });
    await expect(world.get()).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    expect(await readdir(world.out, { recursive: true })).toEqual([]);
  });

  test('and changed meanwhile, while who has it cannot be reached: it may be tried again', async () => {
    await using world = await published(content(1, 1000));
    const lease = [...world.leases.values()][0]!;
    world.leases.set(lease.contentId, { ...lease, path: join(world.root, 'gone.bin') });
    world.peers = [A];
    world.provider().refuses = () => failure('E_PEER_UNREACHABLE', 'connection refused');
    await expect(world.get()).rejects.toMatchObject({ code: 'E_NO_PROVIDER', retryable: true });
    world.provider().refuses = null;
    world.provider().chunk = () => {
      throw failure('E_PEER_UNREACHABLE', 'the peer closed the session', { retryable: true });
    };
    await expect(world.get()).rejects.toMatchObject({ code: 'E_PEER_UNREACHABLE', retryable: true });
  });

  test('and changed meanwhile, is fetched where somebody has it', async () => {
    await using world = await published(content(1, 1000));
    const lease = [...world.leases.values()][0]!;
    world.leases.set(lease.contentId, { ...lease, path: join(world.root, 'gone.bin') });
    world.peers = [A];
    expect((await world.get()).providers).toEqual([A]);
    expect(await world.tree()).toEqual(world.listed);
  });
});
