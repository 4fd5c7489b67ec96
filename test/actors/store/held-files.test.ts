import { afterEach, beforeEach, expect, test } from 'vitest';
import { idOf, item, key, manifestItem, published, revision, source, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

const one = item(1);
const two = item(2);
const held = (of: typeof one, change: object = {}) => ({
  ...source(of),
  path: `/held/${of.name}`,
  chunkCount: of.chunkCount,
  chunkListHash: of.chunkListHash,
  adopted: false,
  ...change,
});

let place: Place;
let life: Life;
let listening: AbortController;
beforeEach(async () => {
  place = await Place.make();
  life = await Life.start(place);
  listening = new AbortController();
});
afterEach(async () => {
  listening.abort();
  await life.stop();
  await place.remove();
});

const lease = (of: typeof one) => life.ask('lease', { contentId: of.contentId });

test('held files are leased, also after a restart; own sources come first', async () => {
  expect(await lease(one)).toBeNull();
  await life.ask('holdFiles', [held(one), held(two)]);
  expect(await lease(one)).toEqual({ ...source(one), path: held(one).path, epoch: 1, shareIds: [] });
  await life.stop();
  life = await Life.start(place);
  const contentIds = [one.contentId, 'ab'.repeat(32), two.contentId];
  expect((await life.ask('leases', { contentIds })).map(({ path }) => path)).toEqual([
    held(one).path,
    held(two).path,
  ]);
  const { shareId } = await life.ask('openShare', { name: 'mine' });
  await life.ask('commitRevision', revision(shareId, [one], { sources: [source(one)] }));
  expect(await lease(one)).toMatchObject({ path: source(one).path });
});

test("a page of somebody else's share says which of its files are served from here", async () => {
  const theirs = key(3);
  const share = idOf(theirs);
  await life.ask('subscribe', subscription(theirs));
  const items = [manifestItem(1), manifestItem(2), manifestItem(3)];
  await life.ask('commitManifest', published(theirs, 1, { items }).offer);
  const states = async () => (await life.ask('items', { share, cursor: 0, limit: 10 })).places;
  expect(await states()).toEqual({ roots: null, states: ['remote', 'remote', 'remote'] });
  await life.ask('holdFiles', [held(item(2))]);
  const { shareId } = await life.ask('openShare', { name: 'mine' });
  await life.ask('commitRevision', revision(shareId, [item(3)]));
  expect(await states()).toEqual({ roots: null, states: ['remote', 'held', 'held'] });
  for (const of of [item(2), item(3)]) await life.ask('sourceGone', (await lease(of))!);
  expect(await states()).toEqual({ roots: null, states: ['remote', 'remote', 'remote'] });
});

test('one that changed is forgotten, and every shard hears of it; old news changes nothing', async () => {
  await life.ask('holdFiles', [held(one)]);
  const before = (await lease(one))!;
  await life.ask('holdFiles', [held(one, { mtimeNs: 77n })]);
  const changes = life.leaseChanges(listening.signal);
  await life.ask('sourceGone', before);
  const now = await lease(one);
  expect(now).toMatchObject({ mtimeNs: 77n });
  await life.ask('sourceGone', now!);
  expect((await changes.next()).value.contentIds).toEqual([one.contentId]);
  expect(await lease(one)).toBeNull();
});

test('another content at the same path voids the first one', async () => {
  await life.ask('holdFiles', [held(one, { path: '/f' })]);
  const changes = life.leaseChanges(listening.signal);
  await life.ask('holdFiles', [held(two, { path: '/f' })]);
  expect((await changes.next()).value.contentIds).toEqual([one.contentId]);
  expect([await lease(one), (await lease(two))?.path]).toEqual([null, '/f']);
});
