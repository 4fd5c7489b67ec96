import { afterEach, beforeEach, expect, test } from 'vitest';
import { item, revision, source } from './objects.ts';
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
