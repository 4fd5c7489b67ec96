import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/supervisor/runtime/deadlines.ts';
import { ManualClock } from '../../src/supervisor/testing/manual-clock.ts';

test('every deadline fires once, not early, and at most one tick late; none is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.integer({ min: 0, max: 5_000 }), cancel: fc.boolean() }), {
        maxLength: 40,
      }),
      fc.integer({ min: 0, max: 1000 }),
      async (wanted, start) => {
        const clock = new ManualClock(start);
        const deadlines = new Deadlines(clock);
        const fired = new Map<number, number>();
        const cancels = wanted.map(({ ms }, index) =>
          deadlines.add(ms, () => {
            expect(fired.has(index)).toBe(false);
            fired.set(index, clock.now());
          }),
        );
        for (const [index, { cancel }] of wanted.entries()) if (cancel) cancels[index]!();
        await clock.advance(6_000);
        for (const [index, { ms, cancel }] of wanted.entries()) {
          if (cancel) expect(fired.has(index)).toBe(false);
          else {
            expect(fired.get(index)).toBeGreaterThanOrEqual(start + ms);
            expect(fired.get(index)).toBeLessThanOrEqual(start + ms + 20);
          }
        }
        expect(deadlines.size).toBe(0);
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('deadlines added while others fire are kept', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const order: string[] = [];
  deadlines.add(10, () => {
    order.push('first');
    deadlines.add(0, () => order.push('second'));
  });
  await clock.advance(100);
  expect(order).toEqual(['first', 'second']);
});

test('an infinite deadline keeps no timer', () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  deadlines.add(Number.POSITIVE_INFINITY, () => {})();
  expect(clock.pending).toBe(0);
});
