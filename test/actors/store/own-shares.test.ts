import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { item, revision } from './objects.ts';
import { Life, NOW, Place } from './world.ts';

describe('own shares', () => {
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

  test('smoke', async () => {
    const share = await life.ask('openShare', { name: 'music' });
    expect(share).toMatchObject({ name: 'music', seq: 0, manifestId: null });
    const first = await life.ask('commitRevision', revision(share.shareId, [item(1), item(2)]));
    expect(first).toMatchObject({ seq: 1, changed: true });
    expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 1, items: 2, updatedAt: NOW }]);
    expect(await life.ask('manifest', { manifestId: first.manifestId })).not.toBeNull();
    expect(await life.ask('lease', { contentId: item(1).contentId })).toMatchObject({ epoch: 1 });
    expect(await life.ask('resolve', { target: 'music' })).toHaveLength(2);
  });
});
