import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { content, item, revision, source } from './objects.ts';
import { Life, NOW, Place } from './world.ts';

describe('the journal of hashed files', () => {
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

  const hashed = (n: number) => ({
    ...source(item(n)),
    hashes: content(n).hashes,
    chunkListHash: content(n).chunkListHash,
  });
  const path = (n: number) => hashed(n).path;
  const known = async (...numbers: number[]) =>
    (await life.ask('journaled', { paths: numbers.map(path) })).map((each) => each.path);
  const again = async () => {
    await life.stop();
    life = await Life.start(place, { keys: 'plain' });
    await life.settled();
  };

  test('what was kept is there after a restart, with its hash list, until a revision has it', async () => {
    await life.ask('keepHashed', [hashed(1), hashed(2)]);
    await again();
    const [one] = await life.ask('journaled', { paths: [path(1)] });
    const { hashes: _, ...kept } = hashed(1);
    expect(one).toEqual({ ...kept, inside: null, chunkCount: 3, hashed: true });
    const { shareId } = await life.ask('openShare', { name: 'music' });
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    expect(await known(1, 2, 3)).toEqual([path(2)]);
    expect(await life.ask('hashList', { contentId: item(1).contentId })).toEqual(content(1).hashes);
    await again();
    expect(await known(1, 2)).toEqual([path(2)]);
  });

  test('a revision that says nothing new takes them, too', async () => {
    const { shareId } = await life.ask('openShare', { name: 'music' });
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await life.ask('keepHashed', [hashed(1)]);
    expect(await life.ask('commitRevision', revision(shareId, [item(1)]))).toMatchObject({ changed: false });
    expect(await known(1)).toEqual([]);
  });

  test('hashed once more, the newer look counts', async () => {
    await life.ask('keepHashed', [hashed(1)]);
    await life.ask('keepHashed', [{ ...hashed(1), mtimeNs: 5n }]);
    expect(await life.ask('journaled', { paths: [path(1)] })).toMatchObject([{ mtimeNs: 5n }]);
  });

  test('after a month it is forgotten, and its hash list with it', async () => {
    await life.ask('keepHashed', [hashed(1)]);
    await again();
    expect(await known(1)).toEqual([path(1)]);
    const { Database } = await import('../../../src/actors/store/database.ts');
    await life.stop();
    const database = new Database(`${place.home}/state.db`);
    database.run('UPDATE journal SET at = ?', NOW - 31 * 86_400);
    database.close();
    life = await Life.start(place, { keys: 'plain' });
    await life.settled();
    expect(await known(1)).toEqual([]);
    await again();
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(`${place.home}/hashes`)).toEqual([]);
  });

  test('a lost hash list is told: its file is to be hashed again', async () => {
    await life.ask('keepHashed', [hashed(1)]);
    await life.stop();
    const { rmSync } = await import('node:fs');
    rmSync(`${place.home}/hashes/${item(1).contentId}`);
    life = await Life.start(place, { keys: 'plain' });
    expect(await life.ask('journaled', { paths: [path(1)] })).toMatchObject([{ hashed: false }]);
  });
});
