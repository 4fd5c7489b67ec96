import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuietPeriod } from '../../../../src/actors/publish/watch/quiet-period.ts';

test('a batch is over when nothing happened for a while, or when it goes on for too long', () => {
  const quiet = new QuietPeriod(5, 20);
  expect(quiet.dueAt).toBe(Number.POSITIVE_INFINITY);
  expect(quiet.touch(100)).toBe(true);
  expect(quiet.dueAt).toBe(105);
  expect(quiet.touch(103)).toBe(false);
  expect(quiet.dueAt).toBe(108);
  quiet.touch(118);
  expect(quiet.dueAt).toBe(120);
  quiet.clear();
  expect(quiet.dueAt).toBe(Number.POSITIVE_INFINITY);
  expect(quiet.touch(200)).toBe(true);
});

test('whatever comes when: due within the bounds, and no batch is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 1 }), (gaps) => {
      const quiet = new QuietPeriod(5, 20);
      let now = 0;
      let first = Number.NaN;
      let open = false;
      for (const gap of gaps) {
        now += gap;
        if (quiet.dueAt <= now) {
          quiet.clear();
          open = false;
        }
        expect(quiet.touch(now)).toBe(!open);
        if (!open) first = now;
        open = true;
        expect(quiet.dueAt).toBe(Math.min(now + 5, first + 20));
      }
    }),
  );
});
