import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { content, item, revision, source } from './objects.ts';
import { Life, Place } from './world.ts';

const one = item(1);
const two = item(2);

describe('leases', () => {
  let place: Place;
  let life: Life;
  let shareId: string;
  let listening: AbortController;
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place);
    listening = new AbortController();
    shareId = (await life.ask('openShare', { name: 'mine' })).shareId;
  });
  afterEach(async () => {
    listening.abort();
    await life.stop();
    await place.remove();
  });

  const lease = (contentId = one.contentId) => life.ask('lease', { contentId });
  const commit = (sources: ReturnType<typeof source>[], share = shareId) =>
    life.ask('commitRevision', revision(share, [one, two], { sources }));
  /** Reads on until `count` contents were named. */
  const heard = async (changes: AsyncIterator<{ contentIds: readonly string[] }>, count: number) => {
    const ids: string[] = [];
    while (ids.length < count) ids.push(...(await changes.next()).value.contentIds);
    return ids.sort();
  };

  test('a lease says where a content lies and how the file looked', async () => {
    expect(await lease()).toBeNull();
    await commit([source(one), source(two)]);
    expect(await lease()).toEqual({ ...source(one), epoch: 1, shareIds: [shareId] });
    expect(await lease(two.contentId.toUpperCase())).toEqual({
      ...source(two),
      epoch: 1,
      shareIds: [shareId],
    });
    expect(await lease('ab'.repeat(32))).toBeNull();
    await expect(lease('no id')).rejects.toMatchObject({ code: 'E_USAGE' });
    await life.stop();
    life = await Life.start(place);
    expect(await lease()).toEqual({ ...source(one), epoch: 1, shareIds: [shareId] });
  });

  test('and which shares list it: all of them, but those that were withdrawn', async () => {
    const other = (await life.ask('openShare', { name: 'other' })).shareId;
    await commit([source(one), source(two)]);
    await commit([source(one), source(two)], other);
    expect([...(await lease())!.shareIds].sort()).toEqual([shareId, other].sort());
    await life.ask('unshare', { shareId: other, forgetKey: false });
    expect((await lease())!.shareIds).toEqual([shareId]);
  });

  test('what changes rises above every epoch before; what does not keeps its own', async () => {
    await commit([source(one), source(two)]);
    const changes = life.leaseChanges(listening.signal);
    await commit([source(one, { mtimeNs: 5n }), source(two)]);
    expect(await lease()).toMatchObject({ mtimeNs: 5n, epoch: 2 });
    expect(await lease(two.contentId)).toMatchObject({ epoch: 1 });
    expect(await heard(changes, 1)).toEqual([one.contentId]);
  });

  test.each([
    ['the path', { path: '/other' }],
    ['mtime', { mtimeNs: 1n }],
    ['ctime', { ctimeNs: 1n }],
    ['the inode', { inode: 1n }],
  ])('%s of a source changes: its lease is void', async (_, change) => {
    await commit([source(one)]);
    const changes = life.leaseChanges(listening.signal);
    await commit([source(one, change)]);
    expect(await heard(changes, 1)).toEqual([one.contentId]);
    expect(await lease()).toMatchObject({ ...change, epoch: 2 });
  });

  test('a file with other bytes at the same path voids the old content', async () => {
    await commit([source(one, { path: '/f' })]);
    const changes = life.leaseChanges(listening.signal);
    await commit([source(two, { path: '/f' })]);
    expect(await heard(changes, 1)).toEqual([one.contentId]);
    expect(await lease()).toBeNull();
    expect(await lease(two.contentId)).toMatchObject({ path: '/f' });
  });

  test('files that left the share are gone; every shard hears of it', async () => {
    await commit([source(one), source(two)]);
    const all = [life.leaseChanges(listening.signal), life.leaseChanges(listening.signal)];
    await life.ask('commitRevision', revision(shareId, []));
    for (const changes of all) expect(await heard(changes, 2)).toEqual([one.contentId, two.contentId].sort());
    expect(await lease()).toBeNull();
    expect(await life.ask('sourcesOf', { shareId })).toEqual([]);
  });

  test('a source that is gone is leased no more, until it is published again', async () => {
    await commit([source(one), source(two)]);
    const before = (await lease())!;
    const changes = life.leaseChanges(listening.signal);
    await life.ask('sourceGone', before);
    expect(await heard(changes, 1)).toEqual([one.contentId]);
    expect(await lease()).toBeNull();
    expect(await lease(two.contentId)).not.toBeNull();
    await life.stop();
    life = await Life.start(place);
    expect(await lease()).toBeNull();
    // The file is what it was, after all: a disk that was away and is back.
    expect(await commit([source(one), source(two)])).toMatchObject({ changed: false });
    expect((await lease())!.epoch).toBeGreaterThan(before.epoch);
  });

  test('old news of a source changes nothing', async () => {
    await commit([source(one)]);
    const old = (await lease())!;
    await commit([source(one, { mtimeNs: 9n })]);
    await life.ask('sourceGone', old);
    await life.ask('sourceGone', { ...old, epoch: 99 });
    await life.ask('sourceGone', { ...old, contentId: two.contentId });
    expect(await lease()).toMatchObject({ mtimeNs: 9n });
  });

  test('of several sources of one content another is used when one goes', async () => {
    const other = (await life.ask('openShare', { name: 'other' })).shareId;
    await commit([source(one, { path: '/a' }), source(one, { path: '/b' })]);
    await commit([source(one, { path: '/a', mtimeNs: 7n })], other);
    const seen: string[] = [];
    for (let held = await lease(); held !== null; held = await lease()) {
      seen.push(`${held.path} ${held.mtimeNs}`);
      await life.ask('sourceGone', held);
    }
    expect(seen).toHaveLength(3);
    // The newest first: it was looked at last.
    expect(seen[0]).toBe('/a 7');
    expect(new Set(seen).size).toBe(3);
  });

  test('a listener hears only what comes after it began, and each content once while it waits', async () => {
    await commit([source(one)]);
    await commit([source(one, { mtimeNs: 1n })]);
    const changes = life.leaseChanges(listening.signal);
    await commit([source(one, { mtimeNs: 2n }), source(two)]);
    await commit([source(one, { mtimeNs: 3n }), source(two, { mtimeNs: 3n })]);
    expect((await changes.next()).value.contentIds.toSorted()).toEqual([one.contentId, two.contentId].sort());
  });

  test('a stream ends with its signal', async () => {
    const changes = life.leaseChanges(listening.signal);
    const next = changes.next();
    listening.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('sources are given back as they were committed', async () => {
    await life.ask(
      'putHashLists',
      [1, 2].map((n) => ({ contentId: item(n).contentId, hashes: content(n).hashes })),
    );
    const sources = [source(one, { path: '/data/z' }), source(two, { path: '/data/y/ü' })];
    await commit(sources);
    const extra = ({ chunkCount, chunkListHash }: typeof one, inside: string) => ({
      chunkCount,
      chunkListHash,
      inside,
      hashed: true,
    });
    expect(await life.ask('sourcesOf', { shareId })).toEqual([
      { ...sources[1], ...extra(two, 'y/ü') },
      { ...sources[0], ...extra(one, 'z') },
    ]);
  });
});
