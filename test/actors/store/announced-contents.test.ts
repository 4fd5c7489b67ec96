import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AnnouncedPage, AnnouncedPlace, AnnounceScope } from '../../../src/actors/announced-types.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { item, key, manifestItem, published, revision, source, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

const PUBLIC: AnnounceScope = { private: false, downloads: true };
const OWN: AnnounceScope = { private: false, downloads: false };
const ALL: AnnounceScope = { private: true, downloads: true };

let place: Place;
let life: Life;
beforeEach(async () => {
  place = await Place.make();
  life = await Life.start(place, { keys: 'plain' });
});
afterEach(async () => {
  await life.stop();
  await place.remove();
});

const publish = async (name: string, isPublic: boolean, ...numbers: number[]) => {
  const { shareId } = await life.ask('openShare', { name });
  const items = numbers.map((n) => item(n));
  const sources = items.map((each) => source(each));
  await life.ask('commitRevision', revision(shareId, items, { public: isPublic, sources }));
  return shareId;
};

const hold = (...numbers: number[]) =>
  life.ask(
    'holdFiles',
    numbers.map((n) => {
      const { name, chunkCount, chunkListHash } = item(n);
      return { ...source(item(n)), path: `/held/${name}`, chunkCount, chunkListHash, adopted: false };
    }),
  );

const split = (ids: Uint8Array): string[] =>
  Array.from({ length: ids.length / 32 }, (_, n) => toHex(ids.slice(n * 32, n * 32 + 32)));

async function announced(scope: AnnounceScope): Promise<number[]> {
  const ids: string[] = [];
  for (let after: AnnouncedPlace | null = null; ; ) {
    const page: AnnouncedPage = await life.ask('announcedContents', { scope, after });
    ids.push(...split(page.ids));
    expect(page.epochs.length).toBe(page.ids.length / 32);
    if (page.next === null) break;
    after = page.next;
  }
  const still = await life.ask('stillAnnounced', { scope, ids: Buffer.from(ids.join(''), 'hex') });
  expect(split(still)).toEqual(ids);
  return numbersOf(ids);
}

const KNOWN = new Map(Array.from({ length: 40 }, (_, n) => [item(n).contentId, n]));
const numbersOf = (ids: readonly string[]): number[] =>
  [...new Set(ids.map((id) => KNOWN.get(id) ?? -1))].sort((a, b) => a - b);

test('files of public shares; of private ones only when asked for; none of a share that was taken back', async () => {
  expect(await announced(ALL)).toEqual([]);
  const open = await publish('open', true, 1, 2);
  await publish('closed', false, 2, 3);
  expect(await announced(PUBLIC)).toEqual([1, 2]);
  expect(await announced(ALL)).toEqual([1, 2, 3]);
  await life.ask('unshare', { shareId: open, forgetKey: false });
  expect(await announced(PUBLIC)).toEqual([]);
  expect(await announced(ALL)).toEqual([2, 3]);
});

test('downloads while a subscribed share lists them, if they are wanted', async () => {
  const signer = key(7);
  await hold(5, 6, 9);
  expect(await announced(ALL)).toEqual([]);
  await subscribeTo(signer, [5, 6], true);
  expect(await announced(PUBLIC)).toEqual([5, 6]);
  expect(await announced(OWN)).toEqual([]);
  const { shareId } = (await life.ask('subscriptions', null))[0]!;
  await life.ask('unsubscribe', { shareId });
  expect(await announced(ALL)).toEqual([]);
  await subscribeTo(key(8), [9], false);
  expect([await announced(PUBLIC), await announced(ALL)]).toEqual([[], [9]]);
});

test('what is not there any more is not announced, and every lease has a number', async () => {
  const before = await life.ask('leaseEpoch', null);
  await publish('open', true, 1, 2);
  expect(await life.ask('leaseEpoch', null)).toBeGreaterThan(before);
  const lease = (await life.ask('lease', { contentId: item(1).contentId }))!;
  await life.ask('sourceGone', lease);
  expect(await announced(PUBLIC)).toEqual([2]);
});

async function subscribeTo(signer: ReturnType<typeof key>, numbers: readonly number[], isPublic: boolean) {
  const { offer } = published(signer, 1, {
    visibility: isPublic ? 'public' : 'private',
    items: numbers.map((n) => manifestItem(n)),
  });
  await life.ask('subscribe', subscription(signer));
  await life.ask('commitManifest', offer);
}
