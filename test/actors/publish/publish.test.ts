import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TargetFolder } from '../../../src/actors/transfer/target-folder.ts';
import { failure } from '../../../src/errors.ts';
import { fromHex, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { parseShareLink } from '../../../src/protocol/links/share-link.ts';
import { toErrorRecord } from '../../../src/supervisor/contract/actor-error.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { hashesOf, lookOf, nodeKey, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const changedError = toErrorRecord(failure('E_FILE_CHANGED', 'the file changed while it was read'));

describe('a publish', () => {
  test('lists every regular file of a folder, in the order of their paths, and leaves the hash lists with the store', async () => {
    const big = randomBytes(600_000);
    await world.write('music/b/two.flac', big);
    await world.write('music/a.txt', 'a');
    await world.write('music/b/empty', '');
    await world.write('music/.hidden/..not-a-parent', 'x');
    const result = await world.publish({ paths: [world.path('music')], title: 'Records', public: true });
    expect(world.inside('music')).toEqual(['.hidden/..not-a-parent', 'a.txt', 'b/empty', 'b/two.flac']);
    expect(result).toMatchObject({ seq: 1, items: 4, bytes: 600_002, hashed_bytes: 600_002, skipped: [] });
    const { revision } = world.shares.get('music')!;
    expect(revision).toMatchObject({ title: 'Records', public: true });
    const { contentId, chunkListHash, hashes } = hashesOf(big);
    expect(revision!.items[3]).toEqual({
      contentId,
      chunkListHash,
      chunkCount: 3,
      size: 600_000,
      name: 'two.flac',
      path: 'b/two.flac',
      mime: 'audio/flac',
      tags: [],
    });
    expect(revision!.items[1]).toMatchObject({ name: 'a.txt', path: null, mime: 'text/plain' });
    const path = world.path('music/b/two.flac');
    expect(revision!.sources[3]).toEqual({ contentId, path, inside: 'b/two.flac', ...lookOf(path) });
    // One chunk needs no list.
    expect([...world.lists]).toEqual([[contentId, hashes]]);
    expect(world.asked.indexOf('keepHashed')).toBeLessThan(world.asked.indexOf('commitRevision'));
    expect(world.metrics).toEqual(
      new Map([
        ['watched_shares', 0],
        ['shares_published', 1],
        ['files_published', 4],
      ]),
    );
  });

  test('the link carries the share’s key and the addresses with the node’s key pinned', async () => {
    const { link, share_key, share_id } = await world.publish({ paths: [await world.write('one')] });
    const parsed = parseShareLink(link);
    expect(parsed).toMatchObject({ ok: true, ignored: [] });
    if (!parsed.ok) return;
    expect([toHex(parsed.link.shareId), toHex(parsed.link.sharePubkey)]).toEqual([share_id, share_key]);
    expect(parsed.link.bootstrap).toEqual(
      ['192.0.2.7', '2001:db8::7'].map((host) => ({
        transport: 'tcp',
        host,
        port: 7001,
        nodeKey: fromHex(nodeKey, 32),
      })),
    );
  });

  test('while the listeners are down the link has no addresses, and the publish still counts', async () => {
    world.advertised = failure('E_ACTOR_DOWN', 'the acceptor is down');
    const { link, seq } = await world.publish({ paths: [await world.write('one')] });
    expect(seq).toBe(1);
    expect(parseShareLink(link)).toMatchObject({ ok: true, link: { bootstrap: [] } });
    expect(world.warnings).toHaveLength(1);
  });

  test('the same bytes at two places are two items', async () => {
    await world.write('music/a', 'same');
    await world.write('music/b', 'same');
    expect(await world.publish({ paths: [world.path('music')] })).toMatchObject({ items: 2 });
  });

  test('again: nothing is hashed, nothing is signed', async () => {
    await world.write('music/a', 'a');
    const paths = [world.path('music')];
    const first = await world.publish({ paths });
    world.hashed.length = 0;
    const second = await world.publish({ paths });
    expect(world.hashed).toEqual([]);
    expect(second).toMatchObject({
      hashed_bytes: 0,
      seq: 1,
      manifest_id: first.manifest_id,
      share_id: first.share_id,
    });
    expect(world.metrics.get('files_published')).toBe(1);
  });

  test.each([
    ['grew', (path: string) => appendFile(path, 'more')],
    ['was touched', (path: string) => utimes(path, 1, 1)],
    ['was replaced', replaced],
  ])('a file that %s is hashed again, it alone', async (_, change) => {
    const a = await world.write('music/a', 'aaaa');
    await world.write('music/b', 'b');
    await world.publish({ paths: [world.path('music')] });
    world.hashed.length = 0;
    await change(a);
    await world.publish({ paths: [world.path('music')] });
    expect(world.hashed).toEqual([a]);
  });

  test.each(['size', 'mtimeNs', 'ctimeNs', 'inode'] as const)(
    '%s alone tells that a file changed',
    async (field) => {
      await world.write('music/a');
      await world.publish({ paths: [world.path('music')] });
      world.hashed.length = 0;
      const held = world.shares.get('music')!;
      held.sources = held.sources.map((source) => ({ ...source, [field]: -1 }));
      await world.publish({ paths: [world.path('music')] });
      expect(world.hashed).toEqual([world.path('music/a')]);
    },
  );

  test('what is gone is gone from the share', async () => {
    const a = await world.write('music/a');
    await world.write('music/b');
    await world.publish({ paths: [world.path('music')] });
    await rm(a);
    expect(await world.publish({ paths: [world.path('music')] })).toMatchObject({ seq: 2, items: 1 });
    expect(world.inside('music')).toEqual(['b']);
  });

  test('the title stays unless another one is given; an empty one takes it away', async () => {
    const paths = [await world.write('one')];
    const titles: (string | null)[] = [];
    for (const title of [null, 'Records', null, 'Tapes', '']) {
      await world.publish({ paths, title });
      titles.push(world.shares.get('one')!.revision!.title);
    }
    expect(titles).toEqual([null, 'Records', 'Records', 'Tapes', null]);
    await expect(world.publish({ paths, title: 'x'.repeat(1025) })).rejects.toMatchObject({
      code: 'E_USAGE',
    });
    await expect(world.publish({ paths, title: '\ud800' })).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});

describe('places', () => {
  test('one file is its name; several places lie under theirs', async () => {
    await world.write('a/one.txt');
    await world.write('b/music/two.txt');
    await world.write('c/music/three.txt');
    await world.write('d/one.txt');
    await world.publish({ paths: [world.path('a/one.txt')], share: 'single' });
    expect(world.inside('single')).toEqual(['one.txt']);
    const paths = ['a/one.txt', 'b/music', 'c/music', 'd/one.txt'].map((name) => world.path(name));
    await world.publish({ paths, share: 'several' });
    expect(world.inside('several')).toEqual([
      'music (2)/three.txt',
      'music/two.txt',
      'one (2).txt',
      'one.txt',
    ]);
  });

  test('the same place twice, with and without a slash at its end, and a place inside another', async () => {
    await world.write('music/sub/a');
    const music = world.path('music');
    await world.publish({ paths: [music, `${music}/`, `${music}/./sub/..`], share: 'twice' });
    expect(world.inside('twice')).toEqual(['sub/a']);
    await world.publish({ paths: [music, join(music, 'sub')], share: 'nested' });
    expect(world.inside('nested')).toEqual(['music/sub/a']);
  });

  test.each([
    ['missing', () => world.path('missing')],
    ['below a file', async () => join(await world.write('file'), 'x')],
    ['relative', () => 'music'],
    ['with a NUL', () => '/a\0b'],
    ['with half a character', () => '/\ud800'],
  ])('a path that is %s', async (_, path) => {
    await expect(world.publish({ paths: [await path()] })).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
    expect(world.asked).not.toContain('openShare');
  });

  test('a link is not followed, also when it is named itself', async () => {
    await world.write('real/a');
    await symlink(world.path('real'), world.path('link'));
    await expect(world.publish({ paths: [world.path('link')] })).rejects.toMatchObject({
      code: 'E_PATH_INVALID',
      subject: world.path('link'),
      next: expect.stringContaining('links are not followed'),
    });
    const both = await world.publish({ paths: [world.path('link'), world.path('real')], share: 'both' });
    expect(both.skipped).toEqual([{ path: world.path('link'), reason: 'symlink' }]);
    expect(world.inside('both')).toEqual(['real/a']);
  });

  test('an empty folder', async () => {
    await mkdir(world.path('empty'));
    await expect(world.publish({ paths: [world.path('empty')] })).rejects.toMatchObject({
      code: 'E_PATH_INVALID',
      next: expect.any(String),
    });
    expect(world.shares.size).toBe(0);
  });
});

describe('what is skipped', () => {
  test('links, FIFOs, names that are no text, unfinished downloads: each with its reason', async () => {
    await world.write('music/good');
    await symlink('/etc/passwd', world.path('music/link'));
    await symlink('/etc', world.path('music/folder link'));
    execFileSync('mkfifo', [world.path('music/fifo')]);
    const latin = Buffer.concat([Buffer.from(`${world.path('music')}/caf`), Buffer.from([0xe9])]);
    await writeFile(latin, 'x');
    const unfinished = await new TargetFolder(world.path('music'), '0a1b2c3d4e5f').unfinished(
      ['song.flac'],
      7,
      5,
    );
    const { skipped, items } = await world.publish({ paths: [world.path('music')] });
    expect(items).toBe(1);
    expect(skipped).toEqual(
      [
        { path: unfinished, reason: 'unfinished download' },
        { path: world.path('music/caf\ufffd'), reason: 'its name is not UTF-8' },
        { path: world.path('music/fifo'), reason: 'not a regular file' },
        { path: world.path('music/folder link'), reason: 'symlink' },
        { path: world.path('music/link'), reason: 'symlink' },
      ].sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  });

  test('the data folder of a node', async () => {
    await world.write('home/me/song');
    for (const name of ['VERSION', 'lock.db', 'state.db', 'keys/node', 'config.toml']) {
      await world.write(`home/me/.granary/${name}`);
    }
    await world.write('home/me/keys/my own');
    const { skipped } = await world.publish({ paths: [world.path('home')] });
    expect(skipped).toEqual([{ path: world.path('home/me/.granary'), reason: 'data folder of a node' }]);
    expect(world.inside('home')).toEqual(['me/keys/my own', 'me/song']);
    await expect(world.publish({ paths: [world.path('home/me/.granary')] })).rejects.toMatchObject({
      code: 'E_PATH_INVALID',
      message: expect.stringContaining('data folder'),
    });
  });

  test('what could not be hashed, and why', async () => {
    const files = ['changed', 'gone', 'refused', 'broken', 'good'];
    for (const name of files) await world.write(`music/${name}`);
    const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES' });
    const errors: Record<string, ReturnType<typeof toErrorRecord>> = {
      changed: changedError,
      gone: toErrorRecord(failure('E_NOT_FOUND', 'ENOENT')),
      refused: toErrorRecord(failure('E_IO', denied.message, { cause: denied })),
      broken: toErrorRecord(failure('E_INTERNAL', 'the thread died')),
    };
    world.beforeHash = (path) => errors[basename(path)] ?? null;
    const { skipped, items } = await world.publish({ paths: [world.path('music')] });
    expect(items).toBe(1);
    expect(skipped.map(({ path, reason }) => [basename(path), reason])).toEqual([
      ['broken', 'the thread died'],
      ['changed', 'changed while hashing'],
      ['gone', 'it is gone'],
      ['refused', 'permission denied'],
    ]);
  });

  test('all of it: an error that says so', async () => {
    await world.write('music/a');
    await world.write('music/b');
    world.beforeHash = () => changedError;
    await expect(world.publish({ paths: [world.path('music')] })).rejects.toMatchObject({
      code: 'E_FILE_CHANGED',
      retryable: true,
    });
    world.beforeHash = (path) =>
      path.endsWith('a') ? changedError : toErrorRecord(failure('E_NOT_FOUND', ''));
    await expect(world.publish({ paths: [world.path('music')] })).rejects.toMatchObject({
      code: 'E_PATH_INVALID',
      message: expect.stringContaining('and 1 more'),
    });
    expect(world.asked).not.toContain('commitRevision');
  });
});

describe('more than one share carries', () => {
  const volumes = (name: string) => world.volumesOf(name).map(({ revision }) => revision!);

  test('3,001 files are two volumes behind one link', async () => {
    await many(3_001);
    const result = await world.publish({
      paths: [world.path('many')],
      title: 'Many',
      public: true,
      tags: ['t'],
    });
    expect(result).toMatchObject({ name: 'many', items: 3_001, volumes: 2, revisions: 3, seq: 1 });
    const root = world.shares.get('many')!.revision!;
    const ids = world.volumesOf('many').map(({ own }) => own.shareId);
    expect(root).toMatchObject({ title: 'Many', public: true, items: [], sources: [], recommended: ids });
    expect(volumes('many').map(({ title, items }) => [title, items.length])).toEqual([
      ['Many, part 1', 3_000],
      ['Many, part 2', 1],
    ]);
    for (const volume of volumes('many')) {
      expect(volume).toMatchObject({ public: true, tags: ['t'], recommended: [result.share_id] });
    }
    expect(await world.publish({ paths: [world.path('many')] })).toMatchObject({
      revisions: 0,
      hashed_bytes: 0,
    });
  });

  test('a change changes the list of one volume; what runs empty goes', async () => {
    await many(6_002);
    const paths = [world.path('many')];
    expect(await world.publish({ paths })).toMatchObject({ volumes: 3, revisions: 4 });
    const inside = (volume: number) => world.inside(`many/${volume}`);
    const [victim] = inside(1);
    await world.write(`many/${victim}`, 'changed');
    expect(await world.publish({ paths })).toMatchObject({ volumes: 3, revisions: 1, seq: 1 });
    await world.write('many/zz new', 'new');
    expect(await world.publish({ paths })).toMatchObject({ items: 6_003, revisions: 1 });
    expect(inside(2)).toContain('zz new');
    for (const name of inside(2)) await rm(world.path('many', name));
    expect(await world.publish({ paths })).toMatchObject({ volumes: 2, revisions: 1, seq: 2 });
    expect(world.asked).toContain('unshare');
    expect(world.volumesOf('many')).toHaveLength(2);
  });

  test('a share that outgrows one list keeps its link; it stays a collection', async () => {
    await many(10);
    const paths = [world.path('many')];
    const first = await world.publish({ paths });
    await many(3_005);
    const second = await world.publish({ paths });
    expect(second).toMatchObject({
      share_id: first.share_id,
      volumes: 2,
      seq: 2,
      hashed_bytes: expect.any(Number),
    });
    for (const name of world.inside('many/0').slice(5)) await rm(world.path('many', name));
    expect(await world.publish({ paths })).toMatchObject({ volumes: 2, seq: 2 });
  });

  test('a file whose hash list fits no reply is left out, the others are published', async () => {
    await world.write('sparse/small');
    await truncate(await world.write('sparse/huge', ''), 8 * 2 ** 30);
    const result = await world.publish({ paths: [world.path('sparse')] });
    expect(result).toMatchObject({
      items: 1,
      limited: [],
      skipped: [{ path: world.path('sparse/huge'), reason: expect.stringContaining('7.53 GiB') }],
    });
    expect(world.hashed).toEqual([world.path('sparse/small')]);
  });

  test('names so long that their list fits no reply', async () => {
    await many(2_900, `${'long name '.repeat(14)}`);
    world.tooLong = 2_000;
    expect(await world.publish({ paths: [world.path('many')] })).toMatchObject({ volumes: 2, items: 2_900 });
  });
});

describe('as much as a share carries', () => {
  test('3,000 files', async () => {
    await many(3_000);
    const { items, skipped } = await world.publish({ paths: [world.path('many')] });
    expect([items, skipped.length]).toEqual([3_000, 0]);
  });

  test('what was hashed goes to the store in batches', async () => {
    for (let i = 0; i < 600; i++) await world.write(`many/${i}`, `${i}`);
    await world.publish({ paths: [world.path('many')] });
    expect(world.puts.reduce((sum, files) => sum + files, 0)).toBe(600);
    expect(Math.max(...world.puts)).toBeLessThanOrEqual(256);
  });

  test('a publish that was cut off goes on with what was not hashed', async () => {
    for (let i = 0; i < 600; i++) await world.write(`many/${i}`, `${i}`);
    const abort = new AbortController();
    world.beforeHash = () => {
      if (world.hashed.length === 500) abort.abort(failure('E_ABORTED', 'cut off'));
      return null;
    };
    const paths = [world.path('many')];
    await expect(world.publish({ paths }, abort.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    const kept = world.journal.size;
    expect(kept).toBeGreaterThanOrEqual(256);
    // One of those that were hashed is changed meanwhile.
    const [one] = world.journal.keys();
    await writeFile(one!, 'something else');
    world.hashed.length = 0;
    const result = await world.publish({ paths });
    expect(result).toMatchObject({ seq: 1, items: 600 });
    expect(world.hashed).toHaveLength(600 - kept + 1);
    expect(world.hashed).toContain(one);
  });
});

describe('names of shares', () => {
  test('the first place names the share; the same place again is the same share', async () => {
    await world.write('a/music/x');
    await world.write('a/more');
    const first = await world.publish({ paths: [world.path('a/music'), world.path('a/more')] });
    await world.write('a/music/y');
    const again = await world.publish({ paths: [world.path('a/music')] });
    expect(again.share_id).toBe(first.share_id);
    expect([...world.shares.keys()]).toEqual(['music']);
  });

  test('another place of the same name is another share, and keeps its own', async () => {
    for (const place of ['a', 'b', 'c']) await world.write(`${place}/music/${place}`);
    const ids = new Map<string, string>();
    for (const place of ['a', 'b', 'c', 'a', 'c', 'b']) {
      const { share_id } = await world.publish({ paths: [world.path(place, 'music')] });
      expect(ids.get(place) ?? share_id).toBe(share_id);
      ids.set(place, share_id);
    }
    expect([...world.shares.keys()]).toEqual(['music', 'music-2', 'music-3']);
  });

  test('a place whose path begins like another’s is not in it', async () => {
    await world.write('music/a');
    await world.write('music more/m');
    await world.publish({ paths: [world.path('music more')], share: 'music' });
    await world.publish({ paths: [world.path('music')] });
    expect([world.inside('music'), world.inside('music-2')]).toEqual([['m'], ['a']]);
  });

  test('a name given by the operator wins', async () => {
    await world.write('a/music/x');
    await world.write('b/music/y');
    await world.publish({ paths: [world.path('a/music')], share: 'mine' });
    await world.publish({ paths: [world.path('b/music')], share: 'mine' });
    expect(world.inside('mine')).toEqual(['y']);
  });

  test('names that the store would refuse are made ones that it takes', async () => {
    const id = 'ab'.repeat(32);
    for (const name of [id, 'with\ttab', '音'.repeat(80)]) await world.write(`${name}/x`);
    for (const name of [id, 'with\ttab', '音'.repeat(80)]) await world.publish({ paths: [world.path(name)] });
    expect([...world.shares.keys()]).toEqual([`share ${id}`, 'with_tab', '音'.repeat(66)]);
  });
});

describe('two at once', () => {
  test('of one share: the second is refused until the first is done', async () => {
    const path = await world.write('music/a');
    let go = () => {};
    const started = new Promise<void>((hashing) => {
      world.beforeHash = () => {
        hashing();
        return new Promise<null>((resolve) => {
          go = () => resolve(null);
        });
      };
    });
    const first = world.publish({ paths: [world.path('music')] });
    await started;
    await expect(world.publish({ paths: [path], share: 'music' })).rejects.toMatchObject({
      code: 'E_BUSY',
      subject: 'music',
      retryable: true,
    });
    world.beforeHash = () => null;
    expect(await world.publish({ paths: [path], share: 'another' })).toMatchObject({ items: 1 });
    go();
    expect(await first).toMatchObject({ items: 1 });
    expect(await world.publish({ paths: [path], share: 'music' })).toMatchObject({ items: 1 });
  });

  test('one that failed, or was left, does not stay in the way', async () => {
    const paths = [await world.write('music/a')];
    world.storeFails = { name: 'commitRevision', error: failure('E_NO_SPACE', 'the disk is full') };
    await expect(world.publish({ paths, share: 'music' })).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    world.storeFails = null;
    for await (const _ of world.stream({ paths, share: 'music' })) break;
    expect(await world.publish({ paths, share: 'music' })).toMatchObject({ seq: 1 });
  });

  test('the store refuses a hash list: nothing is signed', async () => {
    await world.write('music/a', Buffer.alloc(300_000));
    world.storeFails = { name: 'keepHashed', error: failure('E_NO_SPACE', 'the disk is full') };
    await expect(world.publish({ paths: [world.path('music')] })).rejects.toMatchObject({
      code: 'E_NO_SPACE',
    });
    expect(world.asked).not.toContain('commitRevision');
  });

  test('cancelled while it hashes', async () => {
    const paths = [await world.write('music/a')];
    const cancel = new AbortController();
    world.beforeHash = async () => {
      cancel.abort(failure('E_ABORTED', 'cancelled'));
      return null;
    };
    await expect(world.publish({ paths }, cancel.signal)).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(world.asked).not.toContain('commitRevision');
  });

  test('cancelled while it walks', async () => {
    await many(1_000);
    const cancel = new AbortController();
    cancel.abort(failure('E_ABORTED', 'cancelled'));
    await expect(world.publish({ paths: [world.path('many')] }, cancel.signal)).rejects.toMatchObject({
      code: 'E_ABORTED',
    });
  });
});

describe('progress', () => {
  test('phases in order, ending at all files and all bytes', async () => {
    await world.write('music/a', 'aaa');
    await world.publish({ paths: [world.path('music')] });
    await world.write('music/b', Buffer.alloc(1_000_000));
    const { progress, seconds, spent } = await world.publish({ paths: [world.path('music')] });
    const phases = progress.map(({ phase }) => phase);
    expect([...new Set(phases)]).toEqual(['walk', 'hash', 'commit']);
    const hash = progress.find(({ phase }) => phase === 'hash');
    // What is known already counts as done.
    expect(hash).toMatchObject({ files: 1, files_total: 2, bytes: 3, bytes_total: 1_000_003 });
    expect(progress.at(-1)).toMatchObject({ files: 2, bytes: 1_000_003, eta: 0 });
    expect(seconds).toBeGreaterThan(0);
    expect(spent.walk + spent.hash + spent.commit).toBeCloseTo(seconds, 3);
  });

  test('while time stands still, one event a phase', async () => {
    await world.stop();
    world = await World.start(new ManualClock());
    for (let i = 0; i < 50; i++) await world.write(`music/${i}`);
    const { progress } = await world.publish({ paths: [world.path('music')] });
    expect(progress.map(({ phase }) => phase)).toEqual(['walk', 'hash', 'commit']);
  });
});

async function many(count: number, prefix = ''): Promise<void> {
  await mkdir(world.path('many/more'), { recursive: true });
  await Promise.all(
    Array.from({ length: count }, (_, i) => writeFile(world.path('many/more', `${prefix}${i}`), `${i}`)),
  );
}

async function replaced(path: string): Promise<void> {
  await writeFile(`${path}.new`, 'aaaa');
  await rename(`${path}.new`, path);
}
