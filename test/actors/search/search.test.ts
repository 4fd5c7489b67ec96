import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Home, type ItemInput, Life } from './world.ts';

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home.remove());

async function over(items: readonly ItemInput[]): Promise<Life> {
  home.share(1, items);
  return await Life.start(home);
}

describe('what finds what', () => {
  const items: ItemInput[] = [
    'Debian-13.1.0-amd64-netinst.iso',
    'debian-13.1.0-arm64-DVD-1.iso',
    'Café del Mar - Volume 3 (1996).flac',
    'Ångström naïve Übung.txt',
    '音楽大全集 第2巻.flac',
    'Это книга.epub',
    '한국음악.mp3',
    'C++ primer.pdf',
    'night_river--part.02',
    '!!!',
    '🎉 party',
    'ΟΔΥΣΣΕΥΣ.txt',
    'ＦＵＬＬ　ｗｉｄｔｈ.txt',
    { name: 'plain.bin', tags: ['Jazz', 'free-culture'] },
  ];

  test.each<[string, string[]]>([
    ['debian', ['Debian-13.1.0-amd64-netinst.iso', 'debian-13.1.0-arm64-DVD-1.iso']],
    ['DEBIAN amd64', ['Debian-13.1.0-amd64-netinst.iso']],
    ['amd64 13.1 debian', ['Debian-13.1.0-amd64-netinst.iso']],
    ['deb', ['Debian-13.1.0-amd64-netinst.iso', 'debian-13.1.0-arm64-DVD-1.iso']],
    ['debian net', ['Debian-13.1.0-amd64-netinst.iso']],
    ['debian ubuntu', []],
    ['cafe', ['Café del Mar - Volume 3 (1996).flac']],
    ['Cafe\u0301 MAR', ['Café del Mar - Volume 3 (1996).flac']],
    ['angstrom naive', ['Ångström naïve Übung.txt']],
    ['ubung', ['Ångström naïve Übung.txt']],
    ['音楽', ['音楽大全集 第2巻.flac']],
    ['大全集', ['音楽大全集 第2巻.flac']],
    ['集', ['音楽大全集 第2巻.flac']],
    ['全', ['音楽大全集 第2巻.flac']],
    ['音楽 flac', ['音楽大全集 第2巻.flac']],
    ['音集', []],
    ['книга', ['Это книга.epub']],
    ['КНИ', ['Это книга.epub']],
    ['한국', ['한국음악.mp3']],
    ['c++ primer', ['C++ primer.pdf']],
    ['c++', ['C++ primer.pdf', 'Café del Mar - Volume 3 (1996).flac']],
    ['river night', ['night_river--part.02']],
    ['part 02', ['night_river--part.02']],
    ['!!!', ['!!!']],
    ['🎉', []],
    ['🎉 party', ['🎉 party']],
    ['οδυσσευς', ['ΟΔΥΣΣΕΥΣ.txt']],
    ['full width', ['ＦＵＬＬ　ｗｉｄｔｈ.txt']],
    ['jazz', ['plain.bin']],
    ['free culture plain', ['plain.bin']],
    ['jaz', []],
    ['', []],
    ['   ', []],
    ['--- ...', []],
  ])('%j', async (query, names) => {
    const life = await over(items);
    expect(await life.names(query)).toEqual(names);
  });
});

test('tiers: whole name, all words, beginning of a word, tags, texts of the share', async () => {
  home.share(
    1,
    [
      { name: 'unrelated', tags: [] },
      { name: 'other.bin', tags: ['river song'] },
      'songs of the river',
      'river songbook',
      'river song and more',
      'song river',
      'river song',
    ],
    { title: 'The river song collection', description: 'All of it' },
  );
  const life = await Life.start(home);
  const { hits } = await life.page('river song');
  expect(hits.map(({ name, score }) => [name, score])).toEqual([
    ['river song', 100],
    ['song river', 80],
    ['river song and more', 80],
    ['river songbook', 60],
    ['songs of the river', 60],
    ['other.bin', 40],
    ['unrelated', 20],
  ]);
  expect(hits.map(({ snippet }) => snippet)).toEqual([
    '[river] [song]',
    '[song] [river]',
    '[river] [song] and more',
    '[river] [song]book',
    '[song]s of the [river]',
    '[river] [song]',
    'The [river] [song] collection',
  ]);
});

test('a term of the share and a term of the item find the item', async () => {
  home.share(1, ['one.flac', 'two.mp3'], { title: 'Jazz', description: 'collected by an operator' });
  const life = await Life.start(home);
  expect(await life.names('jazz flac')).toEqual(['one.flac']);
  expect((await life.page('operator')).hits.map(({ snippet }) => snippet)).toEqual([
    'collected by an [operator]',
    'collected by an [operator]',
  ]);
});

test('scores fall along the results, whatever the weights', async () => {
  for (const [seed, weight] of [
    [1, 0.5],
    [2, 3],
    [3, 1],
    [4, 0],
  ] as const) {
    home.share(seed, ['night river', 'night', 'a night', { name: `x${seed}`, tags: ['night'] }], {
      weight,
      title: 'Night',
    });
  }
  const life = await Life.start(home);
  const { hits } = await life.page('night');
  const scores = hits.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(hits).toHaveLength(12);
  expect(hits[0]).toMatchObject({ name: 'night', score: 300 });
});

test('trust, share and unsubscribing are only what is shown', async () => {
  const trusted = home.share(1, ['night one'], { trust: 'trusted' });
  const normal = home.share(2, ['night two']);
  home.share(3, ['night three'], { trust: 'untrusted' });
  const life = await Life.start(home);
  expect((await life.names('night')).sort()).toEqual(['night one', 'night two']);
  expect(await life.names('night', { trust: ['untrusted'] })).toEqual(['night three']);
  expect(await life.names('night', { shares: [trusted] })).toEqual(['night one']);
  home.subscriptions.delete(normal);
  expect(await life.refresh(normal)).toBe(0);
  expect(await life.names('night')).toEqual(['night one']);
  expect(life.metrics.get('segments')).toBe(2);
  expect(await readdir(join(home.path, 'segments'))).toHaveLength(4);
});

test('pages follow each other without gap or repeat', async () => {
  const names = Array.from({ length: 95 }, (_, i) => `night ${i} ${i % 3 === 0 ? 'nightly' : ''}`.trim());
  home.share(1, names);
  home.share(
    2,
    names.map((name) => ({ name: `${name} b`, tags: ['nig'] })),
  );
  const life = await Life.start(home);
  for (const query of ['night', 'nig', 'n']) {
    const seen: string[] = [];
    let offset: number | null = 0;
    while (offset !== null) {
      const page: Awaited<ReturnType<Life['page']>> = await life.page(query, { limit: 20, offset });
      seen.push(...page.hits.map(({ name, share_id }) => `${share_id} ${name}`));
      offset = page.next;
    }
    expect(seen).toHaveLength(190);
    expect(new Set(seen).size).toBe(190);
    expect(seen).toEqual(
      (await life.page(query, { limit: 190 })).hits.map(({ name, share_id }) => `${share_id} ${name}`),
    );
  }
});

test('a hit says where the item is', async () => {
  home.share(1, [{ name: 'a.txt', path: 'deep/down/a.txt', size: 7, contentId: new Uint8Array(32).fill(3) }]);
  const life = await Life.start(home);
  const { hits, next, complete } = await life.page('a txt');
  expect(hits).toMatchObject([
    {
      name: 'a.txt',
      path: 'deep/down/a.txt',
      size: 7,
      content_id: '03'.repeat(32),
      trust: 'normal',
      snippet: '[a].[txt]',
    },
  ]);
  expect(next).toBeNull();
  expect(complete).toBe(true);
});

test('what is out of bounds is refused', async () => {
  const life = await over(['a']);
  for (const change of [{ limit: 0 }, { limit: 201 }, { limit: 1.5 }, { offset: -1 }, { offset: 10_001 }]) {
    await expect(life.page('a', change)).rejects.toMatchObject({ code: 'E_USAGE' });
  }
  await expect(life.page('a'.repeat(4097))).rejects.toMatchObject({ code: 'E_USAGE' });
});

test('a new revision replaces the old one, and a restart opens it without building', async () => {
  const shareId = home.share(1, ['old name', 'kept']);
  const life = await Life.start(home);
  home.share(1, ['new name', 'kept', 'more']);
  expect(await life.refresh(shareId)).toBe(3);
  expect(await life.names('old')).toEqual([]);
  expect(await life.names('new')).toEqual(['new name']);
  expect(await readdir(join(home.path, 'segments'))).toEqual([`${shareId}-2.idx`, `${shareId}-2.rows`]);
  life.stop();

  const read = home.manifestsRead;
  const again = await Life.start(home);
  expect(home.manifestsRead).toBe(read);
  expect(await again.names('new')).toEqual(['new name']);
  expect(again.metrics.get('items')).toBe(3);
});

test('trust and weight change without building', async () => {
  const shareId = home.share(1, ['a night']);
  const life = await Life.start(home);
  const read = home.manifestsRead;
  home.subscriptions.set(shareId, { ...home.subscriptions.get(shareId)!, trust: 'untrusted', weight: 2 });
  await life.refresh(shareId);
  expect(home.manifestsRead).toBe(read);
  expect(await life.names('night')).toEqual([]);
  expect((await life.page('night', { trust: ['untrusted'] })).hits).toMatchObject([{ score: 160 }]);
});

test.each(['idx', 'rows'])(
  'a segment whose %s file is cut off is built again at the start',
  async (ending) => {
    const shareId = home.share(1, ['night one', 'night two']);
    (await Life.start(home)).stop();
    await truncate(join(home.path, 'segments', `${shareId}-1.${ending}`), 100);
    const life = await Life.start(home);
    expect((await life.names('night')).sort()).toEqual(['night one', 'night two']);
    expect(home.manifestsRead).toBe(2);
  },
);

test('rows that turn out to be damaged are left out and built again', async () => {
  const shareId = home.share(1, ['night one', 'night two']);
  const life = await Life.start(home);
  const rows = join(home.path, 'segments', `${shareId}-1.rows`);
  const { length } = await life.names('night');
  expect(length).toBe(2);
  await writeFile(rows, 'nothing that was written by us');
  const page = await life.page('night');
  expect(page).toMatchObject({ hits: [], complete: false });
  await life.settled();
  expect((await life.names('night')).sort()).toEqual(['night one', 'night two']);
});

test('orphans are swept at the start; files of others are left alone', async () => {
  const shareId = home.share(1, ['a']);
  (await Life.start(home)).stop();
  const folder = join(home.path, 'segments');
  const orphan = 'ab'.repeat(32);
  for (const name of [`${orphan}-3.idx`, `${orphan}-3.rows.tmp`, `${shareId}-9.idx`, 'notes.txt']) {
    await writeFile(join(folder, name), 'x');
  }
  await Life.start(home);
  expect((await readdir(folder)).sort()).toEqual(
    [`${shareId}-1.idx`, `${shareId}-1.rows`, 'notes.txt'].sort(),
  );
});

test('a share whose manifest is missing or damaged leaves the others searchable', async () => {
  const missing = home.share(1, ['night one']);
  home.manifests.delete(home.subscriptions.get(missing)?.manifestId ?? '');
  const damaged = home.share(2, ['night two']);
  home.manifests.set(home.subscriptions.get(damaged)?.manifestId ?? '', Uint8Array.of(0xff));
  home.share(3, ['night three']);
  const life = await Life.start(home);
  expect(await life.page('night')).toMatchObject({ hits: [{ name: 'night three' }], complete: true });
  await expect(life.refresh(missing)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  await expect(life.refresh(damaged)).rejects.toMatchObject({ code: 'E_MANIFEST_INVALID' });
});
