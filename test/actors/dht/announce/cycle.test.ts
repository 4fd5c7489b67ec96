import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS, bucketOf, Cycle } from '../../../../src/actors/dht/announce/cycle.ts';

const LIFE = 24 * 3_600_000;
const PERIOD = (LIFE * 5) / 6;
const START = 1_700_000_000_000;

/** All that is due, done at once. */
function drain(cycle: Cycle, wall: number): number[] {
  const done: number[] = [];
  for (let slot = cycle.begin(wall); slot !== null; slot = cycle.begin(wall)) {
    done.push(bucketOf(slot));
    cycle.finish(slot);
  }
  return done;
}

describe('the hand', () => {
  test('goes over every part of the keyspace in each period, whenever it is looked at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 * 3_600_000 }), { minLength: 1, maxLength: 40 }),
        (steps) => {
          const cycle = new Cycle(LIFE, null, START);
          expect(new Set(drain(cycle, START)).size).toBe(BUCKETS);
          const last = new Map<number, number>(Array.from({ length: BUCKETS }, (_, n) => [n, START]));
          let wall = START;
          for (const step of steps) {
            wall += step;
            for (const bucket of drain(cycle, wall)) last.set(bucket, wall);
            // Nothing waits longer than a period and what passed since somebody looked: always less than the life.
            for (const at of last.values()) expect(wall - at).toBeLessThanOrEqual(PERIOD + cycle.slotMs);
          }
          expect(PERIOD + cycle.slotMs + 0).toBeLessThan(LIFE);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('neighbours in time are far from each other in the keyspace', () => {
    for (let slot = 1_000; slot < 1_000 + BUCKETS; slot++) {
      expect(Math.abs(bucketOf(slot) - bucketOf(slot + 1))).toBeGreaterThanOrEqual(15);
    }
  });

  test('goes on where a former life was, with what came due meanwhile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * PERIOD }), (away) => {
        const first = new Cycle(LIFE, null, START);
        drain(first, START);
        const second = new Cycle(LIFE, first.mark, START + away);
        const due = drain(second, START + away);
        const slots = Math.floor((START + away) / first.slotMs) - Math.floor(START / first.slotMs);
        expect(due.length).toBe(Math.min(BUCKETS, slots));
      }),
    );
  });

  test('what is under way counts as not done', () => {
    const cycle = new Cycle(LIFE, null, START);
    const slot = cycle.begin(START)!;
    const other = cycle.begin(START)!;
    cycle.finish(other);
    expect(cycle.mark.done).toBe(slot);
    cycle.finish(slot);
    expect(cycle.mark.done).toBe(other + 1);
  });

  test('a mark of the future or of another life says nothing, and a clock set back stops nothing', () => {
    const mark = { slotMs: new Cycle(LIFE, null, START).slotMs, done: 2 ** 40 };
    expect(new Cycle(LIFE, mark, START).behind(START)).toBe(BUCKETS);
    expect(new Cycle(LIFE / 2, { ...mark, done: 5 }, START).behind(START)).toBe(BUCKETS);
    const cycle = new Cycle(LIFE, null, START);
    drain(cycle, START);
    const back = START - 10 * LIFE;
    expect(drain(cycle, back).length).toBeGreaterThan(0);
  });

  test('far behind, it is never more than one round', () => {
    const cycle = new Cycle(LIFE, null, START);
    drain(cycle, START);
    expect(drain(cycle, START + 10 * LIFE).length).toBe(BUCKETS);
  });
});
