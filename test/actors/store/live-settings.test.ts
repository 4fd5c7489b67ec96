import { afterEach, beforeEach, expect, test } from 'vitest';
import { Life, Place } from './world.ts';

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

test('what was set live is there after a start, and can be forgotten', async () => {
  expect(await life.ask('settingKept', { name: 'limits' })).toBeNull();
  await life.ask('keepSetting', { name: 'limits', value: '{"up":"1MB/s"}' });
  await life.ask('keepSetting', { name: 'limits', value: '{"up":"2MB/s"}' });
  await life.ask('keepSetting', { name: 'tuned', value: '{}' });
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('settingKept', { name: 'limits' })).toBe('{"up":"2MB/s"}');
  await life.ask('keepSetting', { name: 'limits', value: null });
  expect(await life.ask('settingKept', { name: 'limits' })).toBeNull();
  expect(await life.ask('settingKept', { name: 'tuned' })).toBe('{}');
});

test('what went is kept in the place of what was kept before', async () => {
  expect(await life.ask('traffic', null)).toEqual([]);
  await life.ask('keepTraffic', [{ period: '2026-11', up: 2 ** 45, down: 1 }]);
  const counts = [
    { period: '2026-12', up: 5, down: 0 },
    { period: '2026-12-01', up: 3, down: 0 },
  ];
  await life.ask('keepTraffic', counts);
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('traffic', null)).toEqual(counts);
});
