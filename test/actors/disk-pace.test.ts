import { expect, test } from 'vitest';
import { DiskPace } from '../../src/actors/disk-pace.ts';

/** How long the pool has it after a call that took so long. */
function pooled(pace: DiskPace, start: number, took: number): number {
  const end = start + took;
  pace.took(start, end);
  let ms = 0;
  while (pace.usePool(end + ms)) ms++;
  return ms;
}

test('fast calls stay in place, two slow ones of three go to the pool for a moment', () => {
  const pace = new DiskPace(1);
  expect(pooled(pace, 100, 1)).toBe(0);
  expect(pooled(pace, 200, 1.1)).toBe(0);
  expect(pooled(pace, 300, 1.1)).toBe(10);
  expect(pooled(pace, 400, 0.1)).toBe(0);
  expect(pooled(pace, 500, 5)).toBe(10);
});

test('a slow call alone stays in place: the processor was lent to somebody else', () => {
  const pace = new DiskPace(1);
  for (let i = 0; i < 30; i++) expect(pooled(pace, 100 * i, i % 3 === 0 ? 5 : 0.1)).toBe(0);
});

test('a slow disk is tried in place ever more rarely, down to once a second', () => {
  const pace = new DiskPace(1);
  const times: number[] = [];
  pace.took(0, 8);
  for (let now = 100, i = 0; i < 10; i++) {
    times.push(pooled(pace, now, 8));
    now += 10_000;
  }
  expect(times).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
  expect(pooled(pace, 1e6, 1)).toBe(0);
});
