import { afterEach, beforeEach, expect, test } from 'vitest';
import type {
  FileVerdict,
  HeldEntry,
  HeldPage,
  RecheckPlace,
  StoredRecheck,
  WrongFile,
} from '../../../src/actors/recheck-types.ts';
import { idOf, item, key, manifestItem, published, revision, source, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

const [one, two, three] = [item(1), item(2), item(3, { size: 7 })];
const held = (of: typeof one, path = `/held/${of.name}`, adopted = false) => ({
  ...{ ...source(of), path, adopted },
  ...{ chunkCount: of.chunkCount, chunkListHash: of.chunkListHash },
});

let place: Place;
let life: Life;
let shareId: string;
beforeEach(async () => {
  place = await Place.make();
  life = await Life.start(place);
  shareId = (await life.ask('openShare', { name: 'mine' })).shareId;
});
afterEach(async () => {
  await life.stop();
  await place.remove();
});

async function all(scope: string | null, limit = 1000): Promise<readonly HeldEntry[]> {
  const found: HeldEntry[] = [];
  for (let after: RecheckPlace | null = null; ; ) {
    const page: HeldPage = await life.ask('heldEntries', { shareId: scope, after, limit });
    found.push(...page.entries);
    after = page.next;
    if (after === null) return found;
  }
}

const verdict = (entry: HeldEntry, change: Partial<FileVerdict> = {}): FileVerdict => ({
  ...{ place: entry.place, path: entry.path, contentId: entry.contentId, epoch: entry.epoch },
  ...{ right: null, damaged: false, ...change },
});
const lease = (of: typeof one) => life.ask('lease', { contentId: of.contentId });

test('files are listed page by page: own ones, then what is held', async () => {
  expect(await all(null)).toEqual([]);
  expect(await life.ask('heldTotals', { shareId: null })).toEqual({ items: 0, chunks: 0, bytes: 0 });
  const other = (await life.ask('openShare', { name: 'other' })).shareId;
  await life.ask('commitRevision', revision(shareId, [one, two]));
  await life.ask('commitRevision', revision(other, [three]));
  await life.ask('holdFiles', [held(two, '/z'), held(one, '/b', true)]);
  for (const limit of [1, 2, 1000]) {
    const entries = await all(null, limit);
    expect(entries.map(({ path, shareId: of, adopted }) => [path, of, adopted])).toEqual([
      ['/data/file-1.bin', shareId, false],
      ['/data/file-2.bin', shareId, false],
      ['/data/file-3.bin', other, false],
      ['/b', null, true],
      ['/z', null, false],
    ]);
    expect(entries[0]).toMatchObject({ ...source(one), chunkCount: 3, gone: false, damaged: false });
  }
  expect(await life.ask('heldTotals', { shareId: null })).toEqual({
    items: 5,
    chunks: 13,
    bytes: 2 * (one.size + two.size) + 7,
  });
  expect((await all(other)).map(({ path }) => path)).toEqual(['/data/file-3.bin']);
  expect(await life.ask('heldTotals', { shareId: other })).toEqual({ items: 1, chunks: 1, bytes: 7 });
  await expect(life.ask('heldTotals', { shareId: 'ab'.repeat(32) })).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  });
  expect(await life.ask('holderOf', { path: '/data/file-3.bin' })).toEqual({
    published: true,
    contentId: null,
  });
  expect(await life.ask('holderOf', { path: '/z' })).toEqual({ published: false, contentId: two.contentId });
});

test('of a subscribed share those are listed that its list names', async () => {
  const share = key(9);
  await life.ask('subscribe', subscription(share));
  expect(await all(idOf(share))).toEqual([]);
  await life.ask('commitManifest', published(share, 1, { items: [manifestItem(1)] }).offer);
  await life.ask('holdFiles', [held(two, '/a'), held(one), held(two)]);
  for (const limit of [1, 1000])
    expect((await all(idOf(share), limit)).map(({ path }) => path)).toEqual(['/held/file-1.bin']);
  expect(await life.ask('heldTotals', { shareId: idOf(share) })).toMatchObject({ items: 1 });
});

test('a download that is wrong is served no more, and again when it is right, as it looks then', async () => {
  await life.ask('holdFiles', [held(one)]);
  const [before] = await all(null);
  await life.ask('judgeFiles', [verdict(before!)]);
  expect(await lease(one)).toBeNull();
  const [wrong] = await all(null);
  expect(wrong).toMatchObject({ path: '/held/file-1.bin', gone: true });
  await life.ask('judgeFiles', [verdict(before!, { right: { mtimeNs: 1n, ctimeNs: 2n, inode: 3n } })]);
  expect(await lease(one)).toBeNull();
  await life.ask('judgeFiles', [verdict(wrong!, { right: { mtimeNs: 1n, ctimeNs: 2n, inode: 3n } })]);
  expect(await lease(one)).toMatchObject({ mtimeNs: 1n, ctimeNs: 2n, inode: 3n });
});

test('a download that a shard found changed stays known, until it is forgotten', async () => {
  await life.ask('holdFiles', [held(one)]);
  await life.ask('sourceGone', (await lease(one))!);
  expect(await lease(one)).toBeNull();
  const [gone] = await all(null);
  expect(gone).toMatchObject({ gone: true });
  // Its disk is back.
  const [away] = await life.ask('goneSources', { after: null });
  expect(away).toEqual({
    ...source(one),
    ...{ path: gone!.path, epoch: 1, damaged: false, shareId: null, place: null },
  });
  expect(await life.ask('goneSources', { after: away! })).toEqual([]);
  await life.ask('sourcesBack', [away!]);
  expect(await lease(one)).toMatchObject({ path: gone!.path });
  const [back] = await all(null);
  await life.ask('judgeFiles', [verdict(back!, { damaged: true })]);
  const [damaged] = await life.ask('goneSources', { after: null });
  expect(damaged).toMatchObject({ damaged: true });
  await life.ask('sourcesBack', [damaged!]);
  expect(await lease(one)).toBeNull();
  await life.ask('forgetHeld', [damaged!]);
  expect(await all(null)).toEqual([]);
});

test('an own file that is damaged comes back neither by looks nor by a publish that did not read it', async () => {
  await life.ask('commitRevision', revision(shareId, [one, two]));
  const [entry] = await all(null);
  await life.ask('judgeFiles', [verdict(entry!, { damaged: true })]);
  expect(await lease(one)).toBeNull();
  const places = async () => (await life.ask('items', { share: shareId, cursor: 0, limit: 2 })).places;
  expect(await places()).toMatchObject({ sources: [{ damaged: true }, { damaged: false }] });
  const [gone] = await life.ask('goneSources', { after: null });
  expect(gone).toMatchObject({ ...source(one), damaged: true });
  await life.ask('sourcesBack', [gone!]);
  await life.ask('commitRevision', revision(shareId, [one, two]));
  expect(await lease(one)).toBeNull();
  // It was replaced, and hashed.
  await life.ask(
    'commitRevision',
    revision(shareId, [one, two], { sources: [source(one, { mtimeNs: 5n })] }),
  );
  expect(await lease(one)).toMatchObject({ mtimeNs: 5n });
  expect(await places()).toMatchObject({ sources: [{ damaged: false }, null] });
});

const recheck: StoredRecheck = {
  ...{ shareId: null, state: 'running', repair: true, started: 1, ended: null, seconds: 0.5, looked: false },
  totals: { items: 2, chunks: 3, bytes: 4 },
  done: { items: 1, chunks: 1, bytes: 1 },
  passed: 2 ** 40,
  forget: false,
  after: { place: 3, path: '/a' },
  part: { path: '/b', chunk: 4096, mtimeNs: 2n ** 63n, inode: 5n, bad: Uint8Array.of(1, 0) },
  ...{ bad: 2, repaired: 1 },
};
const wrong = (path: string, change: Partial<WrongFile> = {}): WrongFile => ({
  ...{ path, contentId: one.contentId, own: false, adopted: false, state: 'damaged', size: 9, found: 8 },
  ...{ chunkListHash: one.chunkListHash, bad: Uint8Array.of(2), repaired: 0, reason: null, ...change },
});

test('how far a recheck is outlives the store, and so does what it found', async () => {
  await life.ask('noteRecheck', { recheck, wrong: [wrong('/b'), wrong('/a', { own: true })], anew: false });
  await life.ask('noteRecheck', {
    recheck: { ...recheck, shareId, part: null, state: 'done' },
    wrong: [],
    anew: true,
  });
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('rechecks', null)).toEqual([
    recheck,
    { ...recheck, shareId, part: null, state: 'done' },
  ]);
  const found = [wrong('/b'), wrong('/a', { own: true })];
  expect(await life.ask('wrongFiles', { shareId: null, after: null, limit: 1000 })).toEqual(found);
  expect(await life.ask('wrongFiles', { shareId: null, after: found[0]!, limit: 1 })).toEqual([found[1]]);
  expect(await life.ask('wrongFiles', { shareId, after: null, limit: 10 })).toEqual([]);
  // A file that is found again replaces what was known of it; a recheck that begins anew forgets all of it.
  await life.ask('noteRecheck', { recheck, wrong: [wrong('/b', { repaired: 1 })], anew: false });
  expect(await life.ask('wrongFiles', { shareId: null, after: null, limit: 1 })).toEqual([
    wrong('/b', { repaired: 1 }),
  ]);
  await life.ask('noteRecheck', { recheck, wrong: [wrong('/c')], anew: true });
  expect(await life.ask('wrongFiles', { shareId: null, after: null, limit: 9 })).toEqual([wrong('/c')]);
  await life.ask('dropRecheck', { shareId: null });
  expect(await life.ask('rechecks', null)).toHaveLength(1);
  expect(await life.ask('wrongFiles', { shareId: null, after: null, limit: 9 })).toEqual([]);
});
