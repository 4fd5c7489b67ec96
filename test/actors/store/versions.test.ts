import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ItemRow } from '../../../src/actors/share-types.ts';
import { Database } from '../../../src/actors/store/database.ts';
import { MIGRATIONS, migrate } from '../../../src/actors/store/migrations.ts';
import { listed } from '../../../src/actors/store/share-pages.ts';
import { item, revision } from './objects.ts';
import { Life, Place } from './world.ts';

// Data folders as earlier versions left them (`fixtures/make-home.ts`), each with what that version answered.

const fixtures = join(import.meta.dirname, 'fixtures');
const folders = readdirSync(fixtures).filter((name) => name.startsWith('home-v'));

interface Told {
  readonly identity: string;
  readonly ownShares: readonly { readonly shareId: string; readonly name: string }[];
  readonly subscriptions: readonly object[];
  readonly items: readonly ItemRow[];
  readonly peer: object;
}

describe.each(folders)('%s', (name) => {
  let place: Place;
  let life: Life;
  const told = JSON.parse(readFileSync(join(fixtures, name, 'told.json'), 'utf8')) as Told;
  const music = told.ownShares.find((share) => share.name === 'music')!;
  beforeEach(async () => {
    place = await Place.make();
    cpSync(join(fixtures, name), place.home, { recursive: true });
    life = await Life.start(place, { keys: 'plain' });
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });

  test('everything is there, and the old state beside it', async () => {
    expect((await life.ask('identity', null)).nodeKey).toBe(told.identity);
    expect(await life.ask('ownShares', null)).toMatchObject(told.ownShares);
    expect(await life.ask('subscriptions', null)).toMatchObject(told.subscriptions);
    const page = await life.ask('items', { share: music.shareId, cursor: 0, limit: 10 });
    expect(page.items).toEqual(told.items.map(listed));
    expect(await life.ask('knownPeer', { address: 'tcp://192.0.2.1:7001' })).toEqual(told.peer);
    expect(await life.ask('lease', { contentId: told.items[0]!.contentId })).not.toBeNull();
    expect(await life.ask('hashList', { contentId: told.items[0]!.contentId })).not.toBeNull();
    expect(existsSync(join(place.home, `state.db.${name.slice('home-'.length)}`))).toBe(true);
    expect(readFileSync(join(place.home, 'VERSION'), 'latin1')).toBe(`${MIGRATIONS.length}\n`);
  });

  test('it publishes on: the same catalog keeps its number, another one gets the next', async () => {
    const { shareId } = music;
    const items = [item(1), item(2, { path: 'a/b/file-2.bin', tags: ['live'] })];
    const same = revision(shareId, items, { title: 'the second' });
    expect(await life.ask('commitRevision', same)).toMatchObject({ seq: 2, changed: false });
    expect(await life.ask('commitRevision', revision(shareId, [item(4)]))).toMatchObject({ seq: 3 });
  });

  test('the schema is that of a new folder', () => {
    const schema = (database: Database) =>
      database.all<{ sql: string }>('SELECT name, sql FROM sqlite_schema ORDER BY name');
    const fresh = new Database(':memory:');
    migrate(fresh);
    const migrated = new Database(join(place.home, 'state.db'));
    expect(schema(migrated)).toEqual(schema(fresh));
    migrated.close();
    fresh.close();
  });
});

test('there is a folder of the first version', () => {
  expect(folders).toContain('home-v1');
});
