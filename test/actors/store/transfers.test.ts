import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoredFile, StoredTransfer } from '../../../src/actors/ledger-types.ts';
import { Database } from '../../../src/actors/store/database.ts';
import { PROGRESS_MIGRATIONS } from '../../../src/actors/store/progress-migrations.ts';
import { Life, Place } from './world.ts';

const transfer = (id: string, change: Partial<StoredTransfer> = {}): StoredTransfer => ({
  id,
  target: 'ab'.repeat(32),
  directory: '/downloads/ü',
  options: { only: ['*.flac'] },
  state: 'queued',
  priority: -2,
  added: 1_700_000_000,
  error: { code: 'E_NO_PROVIDER', message: 'nobody', retryable: true },
  planned: true,
  shareIds: ['cd'.repeat(32)],
  folders: ['/downloads/ü/a', '/downloads/ü/a/b'],
  contentId: null,
  path: '/downloads/ü',
  files: 1,
  filesTotal: 2,
  bytes: 3,
  bytesTotal: Number.MAX_SAFE_INTEGER,
  ...change,
});

const file = (position: number, change: Partial<StoredFile> = {}): StoredFile => ({
  position,
  contentId: position.toString(16).padStart(64, '0'),
  size: 2 ** 40,
  chunkListHash: 'ef'.repeat(32),
  path: ['a', 'b', `${position}.flac`],
  place: ['a', 'b', `${position} (2).flac`],
  state: 'missing',
  have: null,
  look: null,
  ...change,
});

describe('transfers', () => {
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

  test('come back as they were put, in their order, after any end', async () => {
    const all = [transfer('b'), transfer('a', { error: null, contentId: '01'.repeat(32), state: 'paused' })];
    for (const one of all) await life.ask('putTransfer', one);
    await life.ask('planTransfer', { transfer: all[0]!, files: [file(0), file(1, { state: 'done' })] });
    expect(await life.ask('transfers', null)).toEqual(all);
    await life.stop();
    life = await Life.start(place);
    expect(await life.ask('transfers', null)).toEqual(all);
    expect(await life.ask('transferFiles', { id: 'b' })).toEqual([file(0), file(1, { state: 'done' })]);
    expect(await life.ask('transferFiles', { id: 'a' })).toEqual([]);
  });

  test('progress changes what it names and nothing else; what is not known any more is passed over', async () => {
    await life.ask('planTransfer', { transfer: transfer('a'), files: [file(0), file(1)] });
    const look = { length: 2 ** 41, mtimeNs: 2n ** 62n, inode: 2n ** 63n + 5n };
    const have = Uint8Array.of(1, 2, 3);
    const changed = [
      { position: 1, place: ['x'], state: 'missing' as const, have, look },
      { position: 7, place: ['y'], state: 'done' as const, have: null, look: null },
    ];
    await life.ask('noteProgress', { id: 'a', files: 4, bytes: 5, changed });
    await life.ask('noteProgress', { id: 'gone', files: 4, bytes: 5, changed });
    expect(await life.ask('transfers', null)).toEqual([transfer('a', { files: 4, bytes: 5 })]);
    expect(await life.ask('transferFiles', { id: 'a' })).toEqual([
      file(0),
      file(1, { place: ['x'], have, look }),
    ]);
    // A new plan knows nothing of it.
    await life.ask('planTransfer', { transfer: transfer('a'), files: [file(0)] });
    expect(await life.ask('transferFiles', { id: 'a' })).toEqual([file(0)]);
  });

  test('a torn map of chunks is none', async () => {
    await life.ask('planTransfer', { transfer: transfer('a'), files: [file(0)] });
    const have = Uint8Array.of(1, 2, 3);
    const look = { length: 1, mtimeNs: 1n, inode: 1n };
    const changed = [{ position: 0, place: ['x'], state: 'missing' as const, have, look }];
    await life.ask('noteProgress', { id: 'a', files: 0, bytes: 0, changed });
    await life.stop();
    const database = new Database(join(place.home, 'progress.db'));
    database.run('UPDATE files SET have = ?', Uint8Array.of(1, 2, 7));
    database.close();
    life = await Life.start(place);
    expect((await life.ask('transferFiles', { id: 'a' }))[0]).toMatchObject({ have: null, look });
  });

  test('dropped, with its files; of one that is done the files are forgotten', async () => {
    await life.ask('planTransfer', { transfer: transfer('a'), files: [file(0)] });
    await life.ask('planTransfer', { transfer: transfer('b'), files: [file(0)] });
    await life.ask('dropTransfer', { id: 'a' });
    await life.ask('dropTransfer', { id: 'never' });
    await life.ask('putTransfer', transfer('b', { state: 'done' }));
    expect(await life.ask('transfers', null)).toEqual([transfer('b', { state: 'done' })]);
    for (const id of ['a', 'b']) expect(await life.ask('transferFiles', { id })).toEqual([]);
  });

  test('of those that are done the last thousand are kept', async () => {
    await life.ask('putTransfer', transfer('first', { state: 'failed' }));
    for (let i = 0; i < 1_002; i++) await life.ask('putTransfer', transfer(`${i}`, { state: 'done' }));
    const ids = (await life.ask('transfers', null)).map(({ id }) => id);
    expect(ids).toHaveLength(1_001);
    expect(ids.slice(0, 2)).toEqual(['first', '2']);
  });

  test.each([
    ['rubbish', (path: string) => writeFileSync(path, Buffer.alloc(100_000, 'rubbish'))],
    ['a file that was cut', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5_000))],
  ])('a damaged progress.db (%s) is set aside, and the node starts', async (_, damage) => {
    await life.ask('planTransfer', { transfer: transfer('a'), files: [file(0)] });
    await life.stop();
    const path = join(place.home, 'progress.db');
    damage(path);
    // As after a kill.
    writeFileSync(join(place.home, 'state.running'), '1\n');
    life = await Life.start(place);
    expect(await life.ask('transfers', null)).toEqual([]);
    expect(life.said('progress.db is damaged')).toHaveLength(1);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    await life.ask('putTransfer', transfer('b'));
    expect(await life.ask('transfers', null)).toEqual([transfer('b')]);
  });

  test('one of a newer version is refused', async () => {
    await life.stop();
    const database = new Database(join(place.home, 'progress.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(Life.start(place)).rejects.toMatchObject({ code: 'E_HOME_NEWER' });
    const again = new Database(join(place.home, 'progress.db'));
    again.exec(`PRAGMA user_version = ${PROGRESS_MIGRATIONS.length}`);
    again.close();
    life = await Life.start(place);
  });
});
