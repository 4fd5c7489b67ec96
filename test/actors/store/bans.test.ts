import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bans } from '../../../src/actors/store/bans.ts';
import { Database } from '../../../src/actors/store/database.ts';
import { migrate } from '../../../src/actors/store/migrations.ts';
import { Life, NOW, Place } from './world.ts';

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

test('bans are kept over a restart, each once', async () => {
  expect(await life.ask('ban', { target: '192.0.2.0/24' })).toEqual({ changed: true });
  expect(await life.ask('ban', { target: '192.0.2.0/24' })).toEqual({ changed: false });
  await life.ask('ban', { target: 'ab'.repeat(32) });
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('bans', null)).toEqual([
    { target: '192.0.2.0/24', since: NOW },
    { target: 'ab'.repeat(32), since: NOW },
  ]);
  expect(await life.ask('unban', { target: '192.0.2.0/24' })).toEqual({ changed: true });
  expect(await life.ask('unban', { target: '192.0.2.0/24' })).toEqual({ changed: false });
  await expect(life.ask('ban', { target: 'x'.repeat(129) })).rejects.toMatchObject({ code: 'E_USAGE' });
});

test('who follows hears of all at once and of every change, until it leaves', async () => {
  const database = new Database(':memory:');
  migrate(database);
  const bans = new Bans(database);
  bans.add({ target: '192.0.2.1', since: 1 });
  const leaving = new AbortController();
  const heard = bans.follow(leaving.signal);
  expect((await heard.next()).value).toEqual(['192.0.2.1']);
  const next = heard.next();
  bans.add({ target: '192.0.2.2', since: 2 });
  expect((await next).value).toEqual(['192.0.2.1', '192.0.2.2']);
  // Two changes while nobody asks are one list.
  bans.remove('192.0.2.1');
  bans.remove('192.0.2.2');
  expect((await heard.next()).value).toEqual([]);
  const last = heard.next();
  leaving.abort();
  expect((await last).done).toBe(true);
  database.close();
});
