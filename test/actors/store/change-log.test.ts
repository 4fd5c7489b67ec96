import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CatalogItem } from '../../../src/actors/share-types.ts';
import { type Change, ChangeLog } from '../../../src/actors/store/change-log.ts';
import { idOf, item, key, manifestItem, published, revision, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);
const file = (path: string, contentId: string | null = A): Change => ({
  kind: 'file',
  shareId: A,
  path,
  contentId,
});
const pathsOf = (changes: readonly Change[]) =>
  changes.map((change) => ('path' in change ? change.path : change.kind));

describe('the log', () => {
  test('each thing once, with its last change, in the order of those', () => {
    const log = new ChangeLog('x');
    const from = log.revision;
    log.note(file('one'), file('two'), { kind: 'share', shareId: B }, file('one', null));
    const found = log.since(from, 100);
    expect(pathsOf(found.changes)).toEqual(['two', 'share', 'one']);
    expect(found).toMatchObject({ reset: false, more: false, revision: log.revision });
    expect(found.changes.at(-1)).toMatchObject({ contentId: null });
    expect(log.since(found.revision, 100).changes).toEqual([]);
  });

  test('page by page, whoever follows ends with what there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...'abcdefgh'), fc.boolean()), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        (steps, size, often) => {
          const log = new ChangeLog('x');
          const real = new Map<string, string | null>();
          const followed = new Map<string, string | null>();
          let revision = log.revision;
          const follow = () => {
            for (;;) {
              const page = log.since(revision, size);
              expect(page.reset).toBe(false);
              expect(page.changes.length).toBeLessThanOrEqual(size);
              for (const change of page.changes)
                if (change.kind === 'file') followed.set(change.path, change.contentId);
              revision = page.revision;
              if (!page.more) return;
            }
          };
          for (const [i, [path, there]] of steps.entries()) {
            const contentId = there ? String(i) : null;
            real.set(path, contentId);
            log.note(file(path, contentId));
            if (i % often === 0) follow();
          }
          follow();
          expect(followed).toEqual(real);
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  test('what is not known, or not any more, is to be listed anew', () => {
    const log = new ChangeLog('x');
    const first = log.revision;
    for (const bad of ['', 'y.0', 'x.', 'x.-1', 'x.1e3', `x.${'9'.repeat(15)}`, 'x']) {
      expect(log.since(bad, 10)).toMatchObject({ reset: true, changes: [], revision: first });
    }
    for (let i = 0; i < 50_000; i++) log.note(file(`f${i}`));
    expect(log.since(first, 10).reset).toBe(true);
    const late = log.revision;
    for (let i = 0; i < 50_000; i++) log.note(file('same'));
    expect(log.since(late, 10)).toMatchObject({ reset: false, more: false, changes: [{ path: 'same' }] });
  });
});

describe('changes of a store', () => {
  let place: Place;
  let life: Life;
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place);
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });

  const since = (revision: string | null, limit = 1000) => life.ask('changes', { since: revision, limit });

  async function publish(shareId: string, items: readonly CatalogItem[]): Promise<void> {
    await life.ask('commitRevision', revision(shareId, items));
  }

  test('of a new revision those files are told that are other ones', async () => {
    const { shareId } = await life.ask('openShare', { name: 'mine' });
    await publish(shareId, [item(1), item(2), item(3)]);
    const { revision: from, reset } = await since(null);
    expect(reset).toBe(true);
    await publish(shareId, [item(1), item(2, { name: 'moved.bin' }), { ...item(4), name: item(3).name }]);
    const found = await since(from);
    expect(found).toMatchObject({ reset: false, more: false, shares: [shareId], relist: [] });
    expect(found.files).toMatchObject([
      { shareId, path: 'moved.bin', item: { contentId: item(2).contentId } },
      { path: item(3).name, item: { contentId: item(4).contentId } },
      { path: item(2).name, item: null },
    ]);
    // In the order of the files that are there.
    expect(found.places).toMatchObject([
      {
        shareId,
        places: { sources: [{ path: '/data/moved.bin' }, { path: `/data/${item(3).name}` }] },
      },
    ]);
    expect(await since(found.revision)).toMatchObject({ shares: [], files: [], places: [], relist: [] });
  });

  test('subscriptions that come, change and go', async () => {
    const { revision: from } = await since(null);
    const share = key(3);
    await life.ask('subscribe', subscription(share));
    const one = published(share, 1, { items: [manifestItem(1)] });
    await life.ask('commitManifest', one.offer);
    const found = await since(from);
    expect(found).toMatchObject({ shares: [idOf(share)], relist: [idOf(share)] });
    const two = published(share, 2, { items: [manifestItem(1), manifestItem(2)] });
    await life.ask('commitManifest', two.offer);
    const more = await since(found.revision);
    expect(more.files).toMatchObject([{ shareId: idOf(share), item: { contentId: item(2).contentId } }]);
    expect(more.places).toEqual([{ shareId: idOf(share), places: { roots: null, states: ['remote'] } }]);
    await life.ask('unsubscribe', { shareId: idOf(share) });
    expect(await since(more.revision)).toMatchObject({ shares: [idOf(share)] });
    // A file that is told of and is gone by now is gone.
    expect((await since(found.revision)).files).toMatchObject([{ item: null }]);
  });

  test('another life does not know the revisions of this one; the limit has bounds', async () => {
    const { revision: from } = await since(null);
    await life.stop();
    life = await Life.start(place);
    expect(await since(from)).toMatchObject({ reset: true });
    for (const limit of [0, 1001, 1.5]) {
      await expect(since(null, limit)).rejects.toMatchObject({ code: 'E_USAGE' });
    }
  });
});
