import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { findHead } from './ask-wire.ts';
import { idOf, item, key, manifestItem, published, revision, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

describe('pages of items', () => {
  let place: Place;
  let life: Life;
  let own: string;
  const names = Array.from({ length: 25 }, (_, i) => `file-${i}.bin`);
  beforeAll(async () => {
    place = await Place.make();
    life = await Life.start(place);
    own = (await life.ask('openShare', { name: 'mine' })).shareId;
    await life.ask(
      'commitRevision',
      revision(
        own,
        names.map((_, i) => item(i)),
      ),
    );
  });
  afterAll(async () => {
    await life.stop();
    await place.remove();
  });

  test('any page size gives every item once, in the order of the manifest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
        const seen: string[] = [];
        for (let cursor: number | null = 0; cursor !== null; ) {
          const page: { items: readonly { name: string }[]; next: number | null } = await life.ask('items', {
            share: own,
            cursor,
            limit,
          });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items.map(({ name }) => name));
          cursor = page.next;
        }
        expect(seen).toEqual(names);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test('an item is given whole, and as much of it as a list tells', async () => {
    const whole = item(7, { path: 'a/file', mime: 'text/plain', tags: ['one', 'two'] });
    const shareId = (await life.ask('openShare', { name: 'whole' })).shareId;
    await life.ask('commitRevision', revision(shareId, [whole]));
    expect(await life.ask('resolve', { target: shareId, cursor: 0 })).toEqual({
      items: [{ shareId, ...whole }],
      next: null,
    });
    const { contentId, path, name, size, chunkCount } = whole;
    expect(await life.ask('items', { share: shareId, cursor: 0, limit: 1 })).toMatchObject({
      items: [{ contentId, path, name, size, chunkCount }],
      next: null,
    });
  });

  test('the page that ends with the share, and one beyond it', async () => {
    expect(await life.ask('items', { share: own, cursor: 20, limit: 5 })).toMatchObject({ next: null });
    expect(await life.ask('items', { share: own, cursor: 20, limit: 4 })).toMatchObject({ next: 24 });
    expect(await life.ask('items', { share: own, cursor: 99, limit: 5 })).toMatchObject({
      items: [],
      places: { sources: [] },
      next: null,
    });
  });

  test('a share is named by name, by id, or by the beginning of an id', async () => {
    for (const share of ['mine', own.toUpperCase(), own.slice(0, 8)]) {
      expect((await life.ask('items', { share, cursor: 0, limit: 1 })).items).toMatchObject([
        { contentId: item(0).contentId, name: 'file-0.bin' },
      ]);
    }
  });

  test('the revision of a page is the one before which it was read', async () => {
    const shareId = (await life.ask('openShare', { name: 'changing' })).shareId;
    await life.ask('commitRevision', revision(shareId, [item(40)]));
    const { revision: since } = await life.ask('items', { share: shareId, cursor: 0, limit: 1 });
    await life.ask('commitRevision', revision(shareId, [item(40), item(41)]));
    expect((await life.ask('changes', { since, limit: 10 })).files).toMatchObject([
      { shareId, path: 'file-41.bin' },
    ]);
  });

  test.each([
    [{ limit: 0 }, 'E_USAGE'],
    [{ limit: 1001 }, 'E_USAGE'],
    [{ limit: 1.5 }, 'E_USAGE'],
    [{ cursor: -1 }, 'E_USAGE'],
    [{ cursor: Number.NaN }, 'E_USAGE'],
    [{ share: 'yours' }, 'E_NOT_FOUND'],
    [{ share: 'ab'.repeat(32) }, 'E_NOT_FOUND'],
  ])('%j: %s', async (change, code) => {
    await expect(life.ask('items', { share: own, cursor: 0, limit: 5, ...change })).rejects.toMatchObject({
      code,
    });
  });

  test('a share of which nothing is known yet has no items', async () => {
    await life.ask('subscribe', subscription(key(9)));
    expect(await life.ask('items', { share: idOf(key(9)), cursor: 0, limit: 5 })).toMatchObject({
      items: [],
      places: { roots: null, states: [] },
      next: null,
    });
  });
});

describe('what a target names', () => {
  let place: Place;
  let life: Life;
  let own: string;
  const theirs = key(5);
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place);
    own = (await life.ask('openShare', { name: 'mine' })).shareId;
    const items = [
      item(1, { path: 'music/one.flac', name: 'one.flac' }),
      item(2, { path: 'music/live/two.flac', name: 'two.flac' }),
      item(3, { path: 'musical.txt', name: 'musical.txt' }),
      item(4, { name: 'top 100%_.txt' }),
    ];
    await life.ask('commitRevision', revision(own, items));
    await life.ask('subscribe', subscription(theirs));
    await life.ask(
      'commitManifest',
      published(theirs, 1, { items: [manifestItem(1, { name: 'same.flac' }), manifestItem(9)] }).offer,
    );
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });

  const names = async (target: string) =>
    (await life.ask('resolve', { target, cursor: 0 })).items.map(({ name }) => name);

  test('a share: by id in either case, by name, by the beginning of its id, with or without a slash', async () => {
    const all = ['one.flac', 'two.flac', 'musical.txt', 'top 100%_.txt'];
    for (const target of [own, own.toUpperCase(), 'mine', own.slice(0, 6), `${own}/`, 'mine/']) {
      expect(await names(target)).toEqual(all);
    }
    expect(await names(idOf(theirs))).toEqual(['same.flac', 'file-9.bin']);
    expect(await names(idOf(theirs).slice(0, 20))).toEqual(['same.flac', 'file-9.bin']);
  });

  test('a path: a file, or everything in a folder', async () => {
    expect(await names(`${own}/music/one.flac`)).toEqual(['one.flac']);
    expect(await names(`${own}/music`)).toEqual(['one.flac', 'two.flac']);
    expect(await names('mine/music/')).toEqual(['one.flac', 'two.flac']);
    expect(await names('mine/music/live')).toEqual(['two.flac']);
    expect(await names('mine/top 100%_.txt')).toEqual(['top 100%_.txt']);
  });

  test.each([
    'mine/music/on',
    'mine/musi',
    'mine/one.flac',
    'mine/%',
    'mine//music',
    'mine/../mine',
    'mine/music/one.flac/x',
  ])('%s is nothing', async (target) => {
    await expect(life.ask('resolve', { target, cursor: 0 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      subject: target,
    });
  });

  test('a content: the same file once for each share that lists it, subscribed ones first', async () => {
    const { items: both } = await life.ask('resolve', { target: item(1).contentId, cursor: 0 });
    expect(both.map(({ shareId, name }) => [shareId, name])).toEqual([
      [idOf(theirs), 'same.flac'],
      [own, 'one.flac'],
    ]);
    expect(await names(item(2).contentId.toUpperCase())).toEqual(['two.flac']);
  });

  test('a share that is published and subscribed here is told once', async () => {
    const mine = await life.ask('openShare', { name: 'mine' });
    const head = (await findHead(life, own))!;
    const manifest = (await life.ask('manifest', { manifestId: mine.manifestId! }))!;
    await life.ask('subscribe', { ...mine, trust: 'trusted', weight: 1, peers: [] });
    await life.ask('commitManifest', { shareId: own, head, manifest, source: 'itself' });
    // Its newest revision is here, the one it is subscribed at lies behind.
    await life.ask('commitRevision', revision(own, [item(1, { name: 'newer' })]));
    expect(await names(item(1).contentId)).toEqual(['one.flac', 'same.flac']);
    expect(await names(own)).toEqual(['newer']);
  });

  test('of shares that list a content the more trusted comes first, then the weightier', async () => {
    const more = [key(6), key(7), key(8)];
    const trust = [
      { trust: 'trusted', weight: 1 },
      { trust: 'normal', weight: 3 },
      { trust: 'untrusted', weight: 9 },
    ] as const;
    for (const [i, share] of more.entries()) {
      await life.ask('subscribe', { ...subscription(share), ...trust[i]! });
      // Twice in the share: it counts once, as it is listed first.
      const items = [manifestItem(1, { name: `${i}` }), manifestItem(1, { name: 'again' })];
      await life.ask('commitManifest', published(share, 1, { items }).offer);
    }
    expect(await names(item(1).contentId)).toEqual(['0', '1', 'same.flac', '2', 'one.flac']);
  });

  test.each(['', '/', 'nobody', 'ab'.repeat(32), `${'ab'.repeat(32)}/x`, 'abc', `${item(1).contentId}/x`])(
    '%j is not known',
    async (target) => {
      await expect(life.ask('resolve', { target, cursor: 0 })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    },
  );

  test('a share without a first revision: E_NOT_FOUND; one with an empty list: nothing', async () => {
    await life.ask('subscribe', subscription(key(9)));
    await expect(life.ask('resolve', { target: idOf(key(9)), cursor: 0 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await life.ask('commitManifest', published(key(9), 1, { items: [] }).offer);
    expect(await names(idOf(key(9)))).toEqual([]);
  });

  test('a name wins over the beginning of an id', async () => {
    const begin = own.slice(0, 8);
    const { shareId } = await life.ask('openShare', { name: begin });
    await life.ask('commitRevision', revision(shareId, [item(8)]));
    expect(await names(begin)).toEqual(['file-8.bin']);
  });

  test('a beginning that several shares have: E_USAGE', async () => {
    // Seeds found by search: both share ids begin with 8b6ec6.
    const [one, two] = [5708, 8566].map((number) => {
      const seed = new Uint8Array(32);
      new DataView(seed.buffer).setUint32(0, number);
      return keyPairFromSeed(seed);
    });
    await life.ask('subscribe', subscription(one!));
    await life.ask('commitManifest', published(one!, 1).offer);
    expect(await names('8b6ec6')).toHaveLength(2);
    await life.ask('subscribe', subscription(two!));
    await expect(life.ask('resolve', { target: '8b6ec6/x', cursor: 0 })).rejects.toMatchObject({
      code: 'E_USAGE',
    });
  });
});
