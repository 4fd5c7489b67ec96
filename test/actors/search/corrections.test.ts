import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { correctedQueries, MAX_TRIES } from '../../../src/actors/search/corrections.ts';
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

describe('typing errors', () => {
  const items = [
    'debian 13 amd64.iso',
    'debian 13 arm64.iso',
    'Fedora live.iso',
    'книга рецептов.epub',
    'from dusk',
  ];

  test.each([
    ['debain', 'debian 13 amd64.iso', 'debain', 'debian'],
    ['debiann arm64', 'debian 13 arm64.iso', 'debiann', 'debian'],
    ['ebian', 'debian 13 amd64.iso', 'ebian', 'debian'],
    ['Fedorra', 'Fedora live.iso', 'fedorra', 'fedora'],
    ['книха', 'книга рецептов.epub', 'книха', 'книга'],
    ['debain am', 'debian 13 amd64.iso', 'debain', 'debian'],
  ])('%j finds %j, and says so', async (query, name, typed, meant) => {
    const life = await over(items);
    const { hits, complete } = await life.page(query);
    expect(complete).toBe(true);
    expect(hits[0]).toMatchObject({ name, corrected: [{ typed, meant }] });
    expect(hits[0]?.snippet.toLowerCase()).toContain(`[${meant}]`);
    expect(await life.names(query, { asTyped: true })).toEqual([]);
  });

  test('two wrong words are corrected together', async () => {
    const life = await over(items);
    expect((await life.page('debain arn64')).hits).toMatchObject([]);
    home.share(1, ['debian stable release']);
    await life.refresh([...home.subscriptions.keys()][0]!);
    expect((await life.page('debain stble')).hits).toMatchObject([
      {
        name: 'debian stable release',
        corrected: [
          { typed: 'debain', meant: 'debian' },
          { typed: 'stble', meant: 'stable' },
        ],
      },
    ]);
  });

  test('words that are somewhere are corrected one at a time, and only when nothing is found', async () => {
    const life = await over([
      ...Array.from({ length: 30 }, (_, i) => `from ${i}`),
      'form filler',
      'from dusk',
      'dusk song',
      'form dawn',
    ]);
    expect((await life.page('form dusk')).hits).toMatchObject([
      { name: 'from dusk', corrected: [{ typed: 'form', meant: 'from' }] },
    ]);
    expect((await life.page('form dawn')).hits).toMatchObject([{ name: 'form dawn', corrected: [] }]);
    // A frequent word is no error for a rare one.
    expect(await life.names('from filler')).toEqual([]);
  });

  test('short words, numbers and what is found often are left alone', async () => {
    const life = await over([
      ...Array.from({ length: 5 }, (_, i) => `night ${i}`),
      'nighty',
      'cat',
      'year 1998',
    ]);
    expect(await life.names('nights')).not.toEqual([]);
    expect((await life.page('night')).hits.every(({ corrected }) => corrected.length === 0)).toBe(true);
    for (const query of ['cta', '1989', 'year 1999', 'qqqqqqq', 'night qqqqqqq']) {
      expect(await life.names(query)).toEqual([]);
    }
  });

  test('few hits by the beginning of a word: what it may have meant comes behind them', async () => {
    home.share(1, ['songdust', 'old songdust'], { weight: 0.5 });
    home.share(2, ['songs', 'the songs'], { weight: 50 });
    const life = await Life.start(home);
    const { hits } = await life.page('songd');
    const corrected = [{ typed: 'songd', meant: 'songs' }];
    expect(hits).toMatchObject([
      { name: 'songdust', corrected: [], score: 30 },
      { name: 'old songdust', corrected: [], score: 30 },
      { name: 'songs', corrected, score: 30 },
      { name: 'the songs', corrected, score: 30 },
    ]);
    // One at a time, by either way, it is the same list.
    let cursor: string | null = null;
    for (const [offset, hit] of hits.entries()) {
      const page: Awaited<ReturnType<Life['page']>> = await life.page('songd', { limit: 1, cursor });
      expect(page.hits).toEqual([hit]);
      expect((await life.page('songd', { limit: 1, offset })).hits).toEqual([hit]);
      cursor = page.cursor;
    }
    expect(cursor).toBeNull();
  });

  test('a word of a share that went is not meant any more, one of a new share is', async () => {
    const life = await over(['debian']);
    expect(await life.names('debain')).toEqual(['debian']);
    const other = home.share(2, ['zealous']);
    await life.refresh(other);
    expect(await life.names('zealuos')).toEqual(['zealous']);
    home.subscriptions.delete(other);
    await life.refresh(other);
    expect(await life.names('zealuos')).toEqual([]);
  });

  test('a word that is in hidden shares alone is no help', async () => {
    home.share(1, ['hidden treasure'], { trust: 'untrusted' });
    const life = await Life.start(home);
    expect(await life.names('treasrue')).toEqual([]);
    expect(await life.names('treasrue', { trust: ['untrusted'] })).toEqual(['hidden treasure']);
  });

  test('pages go on with the same correction', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `debian ${String(i).padStart(2, '0')}`);
    const life = await over(names);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Life['page']>> = await life.page('debain', { limit: 10, cursor });
      expect(page.hits.every(({ corrected }) => corrected[0]?.meant === 'debian')).toBe(true);
      seen.push(...page.hits.map(({ name }) => name));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen).toEqual(names);
    const second = await life.page('debain', { limit: 10, offset: 10 });
    expect(second.hits.map(({ name }) => name)).toEqual(names.slice(10, 20));
  });

  test('however many words are wrong, few queries are tried', () => {
    const text = Array.from({ length: 16 }, (_, i) => `word${'abcdefghijklmnop'[i]}`).join(' ');
    const all = ['one', 'two', 'three', 'four'];
    const words = { items: () => 1, near: () => all };
    const tries = correctedQueries(text, 0, () => false, words);
    expect(tries).toHaveLength(MAX_TRIES);
    expect(tries[0]?.text).toBe(Array(16).fill('one').join(' '));
    expect(correctedQueries(text, 0, () => true, words)).toHaveLength(MAX_TRIES);
    expect(correctedQueries(text, 1, () => true, words)).toEqual([]);
  });
});

describe('cursors', () => {
  test('go on where the page ended, whatever came before that place meanwhile', async () => {
    const high = home.share(1, ['night a', 'night b', 'night c'], { weight: 2 });
    home.share(2, ['night d', 'night e', 'night f']);
    const life = await Life.start(home);
    const first = await life.page('night', { limit: 4 });
    expect(first.hits.map(({ name }) => name)).toEqual(['night a', 'night b', 'night c', 'night d']);
    home.subscriptions.delete(high);
    await life.refresh(high);
    const second = await life.page('night', { limit: 4, cursor: first.cursor });
    expect(second.hits.map(({ name }) => name)).toEqual(['night e', 'night f']);
    expect(second.cursor).toBeNull();
  });

  test('what is no cursor is refused', async () => {
    const life = await over(['night']);
    for (const cursor of ['', 'x', 'e30', '!!!', 'a'.repeat(20_000)]) {
      await expect(life.page('night', { cursor })).rejects.toMatchObject({ code: 'E_USAGE' });
    }
    await expect(life.page('night', { cursor: 'e30', offset: 1 })).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});

describe('stemming', () => {
  const items = ['songs of the river', 'a song', 'singing rivers', { name: 'other', tags: ['songs'] }];

  test('is off by default, and an option', async () => {
    const plain = await over(items);
    expect(await plain.names('rivers songs', { asTyped: true })).toEqual([]);
    plain.stop();
    const life = await Life.start(home, { stemming: 'english' });
    expect((await life.page('rivers songs')).hits).toMatchObject([
      { name: 'songs of the river', score: 50, snippet: '[songs] of the [river]' },
    ]);
    expect(await life.names('river')).toEqual(['songs of the river', 'singing rivers']);
    expect((await life.page('song')).hits.map(({ name, score }) => [name, score])).toEqual([
      ['a song', 80],
      ['songs of the river', 60],
    ]);
  });

  test('a change builds the segments anew in the background, once', async () => {
    home.share(1, items);
    home.share(2, ['rivers wide']);
    const life = await Life.start(home);
    expect(home.manifestsRead).toBe(2);
    await life.stemBy('english');
    // What is built the old way answers until then.
    expect(await life.names('rivers')).toEqual(['singing rivers', 'rivers wide']);
    await life.settled();
    expect(home.manifestsRead).toBe(4);
    expect((await life.page('river wide')).hits).toMatchObject([{ name: 'rivers wide', score: 50 }]);
    expect((await life.page('songs')).hits.map(({ name }) => name)).toContain('a song');
    life.stop();

    // The segments say how they were built: another start with the same setting opens them.
    const same = await Life.start(home, { stemming: 'english' });
    expect((await same.page('songs')).complete).toBe(true);
    expect(home.manifestsRead).toBe(4);
    same.stop();
    await Life.start(home);
    expect(home.manifestsRead).toBe(6);
  });

  test('another choice that comes while the segments are opened is the one that counts', async () => {
    home.share(1, items);
    home.share(2, ['rivers wide']);
    (await Life.start(home)).stop();
    const life = await Life.begin(home, { stemming: 'german' });
    await life.stemBy('english');
    await life.settled();
    expect((await life.page('river wide')).hits).toMatchObject([{ name: 'rivers wide' }]);
    life.stop();
    const read = home.manifestsRead;
    await Life.start(home, { stemming: 'english' });
    expect(home.manifestsRead).toBe(read);
  });
});
