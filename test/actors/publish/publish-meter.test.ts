import { expect, test } from 'vitest';
import { PublishMeter } from '../../../src/actors/publish/publish-meter.ts';

test('rate of what is hashed now, and the time that is left', () => {
  const meter = new PublishMeter();
  expect(meter.at(0)).toMatchObject({ phase: 'walk', rate: 0, eta: null });
  meter.phase = 'hash';
  meter.bytesTotal = 10_000;
  meter.kept = 5_000;
  expect(meter.at(0)).toMatchObject({ bytes: 5_000, rate: 0, eta: null });
  meter.hashed = 1_000;
  expect(meter.at(1_000)).toMatchObject({ bytes: 6_000, rate: 1_000, eta: 4 });
  for (let second = 2; second <= 20; second++) {
    meter.hashed += 100;
    meter.at(second * 1_000);
  }
  // Of the last seconds, not of all.
  expect(meter.at(20_000).rate).toBeCloseTo(100);
  meter.hashed = 6_000;
  expect(meter.at(21_000)).toMatchObject({ bytes: 10_000, eta: 0 });
});

test('tells something ten times a second at most', () => {
  const meter = new PublishMeter();
  expect([0, 50, 99, 100, 150, 200].filter((now) => meter.due(now) !== null)).toEqual([0, 100, 200]);
});
