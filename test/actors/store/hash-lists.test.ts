import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { damage } from './damage.ts';
import { content, item, key, manifestItem, published, revision, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

describe('hash lists', () => {
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

  const restart = async () => {
    await life.stop();
    life = await Life.start(place);
    await life.settled();
  };
  const put = (...numbers: number[]) =>
    life.ask(
      'putHashLists',
      numbers.map((n) => ({ contentId: item(n).contentId, hashes: content(n).hashes })),
    );
  const read = (n: number) => life.ask('hashList', { contentId: item(n).contentId });
  const path = (n: number) => join(place.home, 'hashes', item(n).contentId);

  test('a list that was put is read once a catalog names it, also after a restart', async () => {
    await put(1, 2);
    expect(await read(1)).toBeNull();
    await life.ask('commitRevision', revision(shareId, [item(1), item(2)]));
    expect(await read(1)).toEqual(content(1).hashes);
    expect(await read(2)).toEqual(content(2).hashes);
    expect(await read(3)).toBeNull();
    await restart();
    expect(await read(1)).toEqual(content(1).hashes);
    await expect(life.ask('hashList', { contentId: 'x' })).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test('contents of one chunk and of none need no file', async () => {
    const short = [item(1, { size: 0 }), item(2, { size: CHUNK_SIZE })];
    await life.ask('commitRevision', revision(shareId, short));
    expect(await life.ask('hashList', { contentId: short[0]!.contentId })).toEqual(new Uint8Array());
    expect(await life.ask('hashList', { contentId: short[1]!.contentId })).toEqual(
      new Uint8Array(Buffer.from(short[1]!.contentId, 'hex')),
    );
  });

  test('a catalog of somebody else that lies about its one chunk gets no list', async () => {
    await life.ask('subscribe', subscription(key(5)));
    const items = [manifestItem(1, { size: 5, chunkCount: 1, chunkListHash: new Uint8Array(32) })];
    await life.ask('commitManifest', published(key(5), 1, { items }).offer);
    expect(await read(1)).toBeNull();
  });

  test('lists of a subscribed share are kept and read', async () => {
    await life.ask('subscribe', subscription(key(5)));
    await life.ask('commitManifest', published(key(5), 1, { items: [manifestItem(1)] }).offer);
    await put(1);
    expect(await read(1)).toEqual(content(1).hashes);
  });

  test('many at once', async () => {
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    await put(...numbers);
    await life.ask(
      'commitRevision',
      revision(
        shareId,
        numbers.map((n) => item(n)),
      ),
    );
    for (const n of [0, 150, 299]) expect(await read(n)).toEqual(content(n).hashes);
    expect(await life.ask('sourcesOf', { shareId })).toHaveLength(300);
  });

  test('no other list takes the place of that of a published file', async () => {
    await put(1);
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    const wrong = content(1).hashes.map((octet) => octet ^ 1);
    await life.ask('putHashLists', [{ contentId: item(1).contentId, hashes: wrong }]);
    expect(await read(1)).toEqual(content(1).hashes);
    expect(life.said(/not that of the published file/)).toHaveLength(1);
  });

  test('half a hash is no list', async () => {
    await expect(
      life.ask('putHashLists', [{ contentId: item(1).contentId, hashes: new Uint8Array(63) }]),
    ).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(await life.ask('putHashLists', [])).toBeNull();
  });

  test.each(['damaged', 'gone', 'a folder'])(
    'a list that is %s is never given; its file is to be hashed again',
    async (what) => {
      await put(1, 2);
      await life.ask('commitRevision', revision(shareId, [item(1), item(2)]));
      if (what === 'damaged') await damage(path(1));
      else await rm(path(1));
      if (what === 'a folder') await mkdir(path(1));
      expect(await read(1)).toBeNull();
      expect(life.said('a hash list is damaged on disk')).toHaveLength(1);
      expect(await life.ask('sourcesOf', { shareId })).toMatchObject([
        { contentId: item(1).contentId, hashed: false },
        { contentId: item(2).contentId, hashed: true },
      ]);
      if (what === 'a folder') await rm(path(1), { recursive: true });
      await put(1);
      expect(await read(1)).toEqual(content(1).hashes);
      const hashed = (await life.ask('sourcesOf', { shareId })).map((source) => source.hashed);
      expect(hashed).toEqual([true, true]);
    },
  );

  test('what nothing refers to is swept by the next start, what is in use is not', async () => {
    await put(1, 2, 3);
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await life.ask('subscribe', subscription(key(5)));
    await life.ask('commitManifest', published(key(5), 1, { items: [manifestItem(2)] }).offer);
    await writeFile(join(place.home, 'hashes', 'what is this'), '');
    await restart();
    expect(readdirSync(join(place.home, 'hashes')).sort()).toEqual(
      [item(1).contentId, item(2).contentId].sort(),
    );
    expect(await read(1)).toEqual(content(1).hashes);
    expect(await read(2)).toEqual(content(2).hashes);
  });

  test('a list that is put while the sweep is under way stays', async () => {
    await put(1);
    await life.stop();
    life = await Life.start(place);
    await put(1);
    await life.settled();
    expect(existsSync(path(1))).toBe(true);
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    expect(await read(1)).toEqual(content(1).hashes);
  });
});
