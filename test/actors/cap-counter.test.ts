import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapCounter, claim, claimWaitMs } from '../../src/actors/cap-counter.ts';
import { CapMemory, capSet } from '../../src/actors/cap-set.ts';
import type { Cap } from '../../src/actors/limits/contract.ts';

const cap = (rate: number, scope: Cap['scope'] = 'global'): Cap => ({
  name: scope,
  scope,
  ids: [],
  direction: 'up',
  rate,
});

/** Counters of one set as two threads see them, which share nothing but the memory. */
function counters(caps: readonly Cap[], since = 0) {
  const set = capSet(caps, since, false);
  const view = () => {
    const memory = new CapMemory(set.memory, caps.length);
    return caps.map((each, index) => new CapCounter(each, index, memory, set.since));
  };
  return [view(), view()] as const;
}

const KiB = 1024;
const MiB = 1024 * KiB;

describe('one cap', () => {
  test('a claim is at most 50 ms of it, and nothing is there at the beginning', () => {
    const [[one]] = counters([cap(MiB)]);
    expect(one!.claimable(MiB, 0)).toBe(0);
    expect(one!.claimable(MiB, 1_000)).toBe(Math.floor(MiB / 20));
    expect(one!.claimable(100, 1_000)).toBe(100);
  });

  test('what was not used in a long time is kept for 400 ms of it alone', () => {
    const [[one]] = counters([cap(MiB)]);
    expect(one!.left(30_000)).toBe(Math.ceil(MiB * 0.4));
    one!.charge(Math.ceil(MiB * 0.4));
    expect(one!.left(30_000)).toBeLessThanOrEqual(1);
  });

  test('what went too early is waited for, at most 10 s', () => {
    const [[one]] = counters([cap(MiB)]);
    one!.charge(MiB);
    expect(one!.left(0)).toBe(-MiB);
    expect(one!.waitMs(0, 0)).toBeCloseTo(1_000, 0);
    one!.charge(100 * MiB);
    expect(one!.left(0)).toBe(-10 * MiB);
  });

  test('what one thread takes another one has not', () => {
    const [[one], [other]] = counters([cap(MiB)]);
    const path = [one!];
    while (claim(path, MiB, 400) > 0);
    expect(claim([other!], MiB, 400)).toBe(0);
    expect(claimWaitMs([other!], MiB, 400)).toBeGreaterThan(10);
  });

  test('of nothing lets nothing through, and has no end', () => {
    const [[one]] = counters([cap(0)]);
    expect(one!.shut).toBe(true);
    expect(claim([one!], 1, 1e6)).toBe(0);
    expect(claimWaitMs([one!], 1, 1e6)).toBe(Number.POSITIVE_INFINITY);
  });

  test('idle for any time up to a day, looked at each second: never more than what is kept', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1024, max: 2 ** 34 }),
        fc.integer({ min: 0, max: 86_400 }),
        (rate, seconds) => {
          const [[one]] = counters([cap(rate)]);
          const from = Math.max(0, seconds - 100);
          for (let second = from; second <= seconds; second++) one!.left(second * 1000);
          const left = one!.left(seconds * 1000 + 999);
          expect(left).toBeLessThanOrEqual(rate * 0.4 + 2048 + 256);
          expect(left).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('nested: each octet is taken from all of them, and the narrowest holds', () => {
  const [[wide, narrow]] = counters([cap(10 * MiB), cap(MiB, 'share')]);
  let sent = 0;
  for (let now = 0; now <= 10_000; now += 10) {
    for (let more = 1; more > 0; sent += more) more = claim([wide!, narrow!], MiB, now);
  }
  expect(sent / MiB).toBeGreaterThan(9.8);
  expect(sent / MiB).toBeLessThan(10.1);
});

describe('within 2 % over 30 s, whatever the timers do', () => {
  test.each([64 * KiB, 1_000_000, 50 * MiB, 500_000_000, 1024 * MiB])('%d bytes a second', (rate) => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
        fc.integer({ min: 0, max: 1e9 }),
        (late, since) => {
          const threads = counters([cap(rate)], since);
          let sent = 0;
          let turn = 0;
          for (let now = since; now < since + 30_000; ) {
            const [counter] = threads[turn++ % 2]!;
            for (let more = 1; more > 0; sent += more) more = claim([counter!], 262_244, now);
            now += Math.min(late.next().value!, 200);
          }
          const ratio = sent / (rate * 30);
          expect(ratio).toBeGreaterThan(0.98);
          expect(ratio).toBeLessThan(1.02);
        },
      ),
      { numRuns: 5 },
    );
  });
});
