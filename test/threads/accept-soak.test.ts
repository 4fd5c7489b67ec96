import { expect, test } from 'vitest';
import { leftOver, soakAccepts } from './accept-soak.ts';

// `npm run soak:accepts` is the long form of this.
test('2,000 connections that are accepted, moved and reset, and three shards that die among them, leave nothing', async () => {
  const readings = await soakAccepts({ cycles: 2_000, deaths: 3, readings: 2 });
  const first = readings[0]!;
  for (const reading of readings) expect(leftOver([first, reading])).toEqual([]);
  const last = readings.at(-1)!;
  expect(last.deaths).toBe(3);
  // The others were gone before they were looked at.
  expect(last.accepted - first.accepted).toBeGreaterThan(1_000);
}, 120_000);
