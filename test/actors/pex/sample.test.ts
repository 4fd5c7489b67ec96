import { expect, test } from 'vitest';
import { sampleOf } from '../../../src/actors/pex/sample.ts';
import { seededRandom } from '../../../src/actors/seeded-random.ts';

test('as many as wanted and there are, none twice', () => {
  const random = seededRandom(7);
  for (const [there, wanted] of [
    [0, 5],
    [1, 1],
    [5, 0],
    [5, -3],
    [5, 64],
    [200, 64],
  ] as const) {
    const items = Array.from({ length: there }, (_, i) => i);
    const sample = sampleOf(items, wanted, random);
    expect(sample.length).toBe(Math.max(0, Math.min(there, wanted)));
    expect(new Set(sample).size).toBe(sample.length);
  }
});

test('without bias: every item, and every pair, as often as the others', () => {
  const random = seededRandom(2_026);
  const [items, wanted, rounds] = [20, 5, 40_000];
  const pool = Array.from({ length: items }, (_, i) => i);
  const singles = new Array<number>(items).fill(0);
  const pairs = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const sample = sampleOf(pool, wanted, random).sort((a, b) => a - b);
    for (const item of sample) singles[item]!++;
    for (const a of sample)
      for (const b of sample) if (a < b) pairs.set(`${a} ${b}`, (pairs.get(`${a} ${b}`) ?? 0) + 1);
  }
  // Chi-square against the uniform distribution: 19 and 189 degrees of freedom, beyond which lies one in a thousand.
  expect(chiSquare(singles, (rounds * wanted) / items)).toBeLessThan(43.8);
  expect(pairs.size).toBe((items * (items - 1)) / 2);
  const expected = (rounds * wanted * (wanted - 1)) / (items * (items - 1));
  expect(chiSquare([...pairs.values()], expected)).toBeLessThan(252);
});

const chiSquare = (counts: readonly number[], expected: number): number =>
  counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
