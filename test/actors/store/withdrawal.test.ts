import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findHead } from './ask-wire.ts';
import { item, revision, source } from './objects.ts';
import { Life, Place } from './world.ts';

describe('shares that are taken back, and files that come back', () => {
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

  const keys = () => readdirSync(join(place.home, 'keys')).filter((name) => name.startsWith('share-'));
  const publish = async (name: string, ...numbers: number[]) => {
    const { shareId } = await life.ask('openShare', { name });
    const committed = await life.ask(
      'commitRevision',
      revision(
        shareId,
        numbers.map((n) => item(n)),
      ),
    );
    return { shareId, ...committed };
  };

  test('nothing of it is served or listed; the name brings the same share back, with the next number', async () => {
    const { shareId, manifestId } = await publish('music', 1, 2);
    expect(await life.ask('unshare', { shareId, forgetKey: false })).toEqual({ name: 'music', items: 2 });
    expect(await life.ask('ownShares', null)).toEqual([]);
    expect(await findHead(life, shareId)).toBeNull();
    expect(await life.ask('manifest', { manifestId })).toBeNull();
    expect(await life.ask('lease', { contentId: item(1).contentId })).toBeNull();
    await expect(life.ask('items', { share: shareId, cursor: 0, limit: 10 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await expect(life.ask('resolve', { target: 'music', cursor: 0 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    expect(keys()).toHaveLength(1);

    expect(await publish('music', 1, 2)).toMatchObject({ shareId, seq: 2, changed: true });
    expect(await findHead(life, shareId)).not.toBeNull();
    expect(await life.ask('lease', { contentId: item(1).contentId })).not.toBeNull();
    expect(await life.ask('ownShares', null)).toMatchObject([{ shareId, items: 2 }]);
  });

  test('with its key forgotten, the name is free for another share', async () => {
    const { shareId } = await publish('music', 1);
    await life.ask('unshare', { shareId, forgetKey: true });
    expect(keys()).toEqual([]);
    const again = await publish('music', 1);
    expect(again.seq).toBe(1);
    expect(again.shareId).not.toBe(shareId);
  });

  test('the key can still be forgotten later', async () => {
    const { shareId } = await publish('music', 1);
    await life.ask('unshare', { shareId, forgetKey: false });
    expect(await life.ask('unshare', { shareId, forgetKey: true })).toEqual({ name: 'music', items: 0 });
    expect(keys()).toEqual([]);
    await expect(life.ask('unshare', { shareId, forgetKey: true })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
  });

  test('a content that another share has too is still served', async () => {
    const { shareId } = await publish('one', 1, 2);
    await publish('two', 2);
    await life.ask('unshare', { shareId, forgetKey: false });
    expect(await life.ask('lease', { contentId: item(1).contentId })).toBeNull();
    expect(await life.ask('lease', { contentId: item(2).contentId })).not.toBeNull();
  });

  test('it survives a restart, and so does what a share was published from', async () => {
    const { shareId } = await publish('music', 1);
    const kept = await publish('kept', 2);
    await life.ask('unshare', { shareId, forgetKey: false });
    await life.stop();
    life = await Life.start(place, { keys: 'plain' });
    expect(await life.ask('ownShares', null)).toMatchObject([
      { shareId: kept.shareId, roots: [{ path: '/data', kind: 'folder', inside: '' }] },
    ]);
  });

  test('a page has the sources of its files; one without any is told as that', async () => {
    const { shareId } = await life.ask('openShare', { name: 'music' });
    const listed = [item(2), item(3), item(1)];
    const sources = [source(item(1)), source(item(2))];
    await life.ask('commitRevision', revision(shareId, listed, { sources }));
    expect((await life.ask('items', { share: 'music', cursor: 0, limit: 10 })).places).toEqual({
      roots: [{ path: '/data', kind: 'folder', inside: '' }],
      sources: [{ ...source(item(2)), damaged: false }, null, { ...source(item(1)), damaged: false }],
    });
  });

  test('what was gone is told a page at a time, and can be marked as back once', async () => {
    const { shareId } = await publish('music', 1, 2, 3);
    const leases = await Promise.all([1, 2].map((n) => life.ask('lease', { contentId: item(n).contentId })));
    for (const lease of leases) await life.ask('sourceGone', lease!);
    const gone = await life.ask('goneSources', { after: null });
    expect(gone).toMatchObject([
      { ...source(item(1)), shareId },
      { ...source(item(2)), shareId },
    ]);
    expect(await life.ask('goneSources', { after: gone[0]! })).toEqual([gone[1]]);
    expect(await life.ask('lease', { contentId: item(1).contentId })).toBeNull();

    const changes = life.leaseChanges(new AbortController().signal);
    const heard = changes.next();
    await life.ask('sourcesBack', [gone[0]!, { ...gone[1]!, epoch: 0 }]);
    expect((await heard).value).toEqual({ contentIds: [item(1).contentId] });
    expect(await life.ask('lease', { contentId: item(1).contentId })).toMatchObject(source(item(1)));
    expect(await life.ask('lease', { contentId: item(2).contentId })).toBeNull();
    expect(await life.ask('goneSources', { after: null })).toEqual([gone[1]]);
  });
});
