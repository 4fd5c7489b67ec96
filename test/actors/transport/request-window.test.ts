import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestWindow } from '../../../src/actors/transport/request-window.ts';

const CHUNK = 262_144;

interface Path {
  /** Bytes a millisecond. */
  rate: number;
  tripMs: number;
}

/** One peer at the end of a path: requests arrive after half a trip, are answered in turn at the path's rate, and come back. */
function run(ms: number, path: (now: number) => Path) {
  const window = new RequestWindow(128);
  const due: { at: number; askedAt: number }[] = [];
  let busyUntil = 0;
  let [now, came, most] = [0, 0, 0];
  window.begins(0);
  while (now < ms) {
    while (due.length < window.size) {
      const { rate, tripMs } = path(now);
      busyUntil = Math.max(busyUntil, now + tripMs / 2) + CHUNK / rate;
      due.push({ at: busyUntil + tripMs / 2, askedAt: now });
    }
    most = Math.max(most, due.length);
    const { at, askedAt } = due.shift()!;
    now = Math.max(now, at);
    came += CHUNK;
    window.replied(askedAt, now, CHUNK);
  }
  return { rate: came / now, size: window.size, most };
}

test('fills any path that 128 chunks can fill, without more at the peer than it needs', () => {
  const paths = fc.record({
    rate: fc.double({ min: 50, max: 1_000_000, noNaN: true }),
    tripMs: fc.double({ min: 0.05, max: 400, noNaN: true }),
  });
  fc.assert(
    fc.property(paths, (path) => {
      const fits = (128 * CHUNK) / (path.tripMs + CHUNK / path.rate);
      const { rate } = run(60 * path.tripMs + 400 * (CHUNK / path.rate) + 1_000, () => path);
      expect(rate).toBeGreaterThan(0.8 * Math.min(path.rate, fits));
    }),
    { numRuns: 300 },
  );
});

test('100 ms and a gigabit: the whole of it after a few round trips', () => {
  const { rate, most } = run(5_000, () => ({ rate: 125_000, tripMs: 100 }));
  expect(rate).toBeGreaterThan(0.9 * 125_000);
  expect(most).toBeLessThanOrEqual(128);
});

test('a fast peer beside us is asked for more than the path holds, a slow one is not', () => {
  expect(run(5_000, () => ({ rate: 40_000, tripMs: 0.2 })).size).toBeGreaterThanOrEqual(16);
  expect(run(60_000, () => ({ rate: 500, tripMs: 0.2 })).size).toBeLessThan(16);
});

describe('a path that changes', () => {
  const changed = (before: Path, after: Path) => {
    const rateUntil = (ms: number) => run(ms, (now) => (now < 20_000 ? before : after)).rate * ms;
    return (rateUntil(60_000) - rateUntil(30_000)) / 30_000;
  };

  test('grows longer', () => {
    const rate = changed({ rate: 20_000, tripMs: 5 }, { rate: 20_000, tripMs: 200 });
    expect(rate).toBeGreaterThan(0.9 * 20_000);
  });

  test('grows faster, as when a cap is lifted', () => {
    const rate = changed({ rate: 1_000, tripMs: 100 }, { rate: 50_000, tripMs: 100 });
    expect(rate).toBeGreaterThan(0.9 * 50_000);
  });

  test('grows slower: little waits at the peer', () => {
    const { size } = run(120_000, (now) => ({ rate: now < 20_000 ? 50_000 : 500, tripMs: 50 }));
    expect(size).toBeLessThanOrEqual(8);
  });
});
