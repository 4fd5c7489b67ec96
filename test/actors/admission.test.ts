import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Admission } from '../../src/actors/admission.ts';
import { TokenBuckets } from '../../src/actors/token-buckets.ts';
import { hostOf, neighbourhoodOf } from '../../src/protocol/addresses/neighbourhood.ts';

const LIMITS = { maxPending: 512, maxPendingPerAddress: 8, maxPerSecond: 300, maxPerSecondPerNet: 60 };

/** Let in at once, or not at all. */
const admit = (admission: Admission, address: string, now: number): (() => void) | null =>
  admission.turn(address, now)?.waitMs === 0 ? admission.begin(address) : null;

/** How many of so many connections are let in. */
function letIn(admission: Admission, count: number, address: (i: number) => string, now = 0): number {
  let admitted = 0;
  for (let i = 0; i < count; i++) if (admit(admission, address(i), now)) admitted++;
  return admitted;
}

describe('admission', () => {
  test('eight unfinished handshakes an address, an IPv6 address being its /64', () => {
    const admission = new Admission(LIMITS);
    expect(letIn(admission, 20, () => '192.0.2.1')).toBe(8);
    expect(letIn(admission, 20, () => '192.0.2.2')).toBe(8);
    expect(letIn(admission, 20, (i) => `2001:db8::${i + 1}`)).toBe(8);
    expect(admission.pending).toBe(24);
  });

  test('a quarter of all for one neighbourhood, the rest is left to others', () => {
    const admission = new Admission({ ...LIMITS, maxPerSecondPerNet: 1_000, maxPerSecond: 10_000 });
    expect(letIn(admission, 255, (i) => `192.0.2.${i}`)).toBe(128);
    expect(letIn(admission, 255, (i) => `2001:db8:0:${i.toString(16)}::1`)).toBe(128);
    expect(letIn(admission, 255, (i) => `10.0.${i}.1`)).toBe(255);
    expect(letIn(admission, 255, (i) => `10.1.${i}.1`)).toBe(1);
    expect(admission.pending).toBe(512);
  });

  test('so many a second for one neighbourhood and for all, twice as many at once', () => {
    const limits = { ...LIMITS, maxPending: 100_000, maxPendingPerAddress: 100_000 };
    expect(letIn(new Admission(limits), 500, () => '192.0.2.1')).toBe(120);
    const others = new Admission(limits);
    expect(letIn(others, 120, () => '192.0.2.1')).toBe(120);
    expect(letIn(others, 480, (i) => `10.0.${i % 250}.1`)).toBe(480);
    expect(letIn(others, 1, () => '10.1.0.1')).toBe(0);
    expect(letIn(others, 900, (i) => `10.2.${i % 250}.1`, 1_000)).toBe(299);
  });

  test('a refused one costs the budgets nothing', () => {
    const admission = new Admission({ ...LIMITS, maxPendingPerAddress: 1 });
    const release = admit(admission, '192.0.2.1', 0)!;
    expect(letIn(admission, 1_000, () => '192.0.2.1')).toBe(0);
    release();
    // The bucket of the neighbourhood has all but one token left.
    expect(letIn(admission, 200, (i) => `192.0.2.${i}`)).toBe(119);
  });

  test('those who can wait get a turn each, two seconds away at most', () => {
    const admission = new Admission(LIMITS);
    const turns = Array.from({ length: 300 }, () => admission.turn('192.0.2.1', 0)?.waitMs ?? null);
    // The burst at once, then one after another at the pace of the neighbourhood.
    expect(turns.slice(0, 120)).toEqual(Array(120).fill(0));
    expect(turns.slice(120, 240)).toEqual(
      Array.from({ length: 120 }, (_, i) => expect.closeTo(((i + 1) / 60) * 1_000)),
    );
    expect(turns.slice(240)).toEqual(Array(60).fill(null));
    expect(admission.pending).toBe(0);
    expect(admission.turn('198.51.100.1', 0)?.waitMs).toBe(0);
    expect(admission.turn('192.0.2.1', 1_000)?.waitMs).toBeCloseTo(1_000 + 1_000 / 60);
  });

  test('a turn that has come is no place: the places of an address may be taken by then', () => {
    const admission = new Admission(LIMITS);
    for (let i = 0; i < 9; i++) expect(admission.turn('192.0.2.1', 0)?.waitMs).toBe(0);
    const open = Array.from({ length: 8 }, () => admission.begin('192.0.2.1')!);
    expect(admission.begin('192.0.2.1')).toBeNull();
    expect(admission.turn('192.0.2.1', 0)).toBeNull();
    open[0]!();
    expect(admission.begin('192.0.2.1')).not.toBeNull();
    expect(admission.pending).toBe(8);
  });

  test('counts are those of what is open, whatever came and went', () => {
    const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.1', '2001:db8::1', '2001:db8::2');
    const step = fc.record({ address, release: fc.boolean(), wait: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limits = { maxPending: 12, maxPendingPerAddress: 3, maxPerSecond: 20, maxPerSecondPerNet: 10 };
        const admission = new Admission(limits);
        const open: { address: string; release: () => void }[] = [];
        const times: number[] = [];
        let now = 0;
        for (const { address, release, wait } of steps) {
          now += wait;
          if (release) open.splice(0, 1)[0]?.release();
          const admitted = admit(admission, address, now);
          const count = (of: (ip: string) => string) =>
            open.filter((each) => of(each.address) === of(address)).length;
          if (admitted) {
            expect(count(hostOf)).toBeLessThan(3);
            expect(count(neighbourhoodOf)).toBeLessThan(3);
            expect(open.length).toBeLessThan(12);
            open.push({ address, release: admitted });
            times.push(now);
          }
          expect(admission.pending).toBe(open.length);
          // What a bucket promises, in every stretch of time that ends now.
          for (const [i, from] of times.entries()) {
            expect(times.length - i).toBeLessThanOrEqual(40 + ((now - from) / 1000) * 20 + 1e-6);
          }
        }
        for (const { release } of open) release();
        expect(admission.pending).toBe(0);
      }),
    );
  });
});

describe('token buckets', () => {
  test('are bounded in number: the one not asked for longest goes', () => {
    const buckets = new TokenBuckets(1, 1);
    for (const name of ['old', 'used']) buckets.take(name, 0);
    for (let i = 0; i < 4_094; i++) buckets.take(`n${i}`, 0);
    expect([buckets.has('used', 0), buckets.has('old', 0)]).toEqual([false, false]);
    buckets.has('used', 0);
    for (let i = 0; i < 4_094; i++) buckets.has(`m${i}`, 0);
    expect([buckets.has('used', 0), buckets.has('old', 0)]).toEqual([false, false]);
    buckets.has('one more', 0);
    expect(buckets.has('n4093', 0)).toBe(true);
  });

  test('a clock that stands still gives nothing, a long rest fills to the brim and no further', () => {
    const buckets = new TokenBuckets(10, 20);
    for (let i = 0; i < 20; i++) buckets.take('a', 5);
    expect(buckets.has('a', 5)).toBe(false);
    expect(buckets.has('a', 104)).toBe(false);
    expect(buckets.has('a', 106)).toBe(true);
    for (let i = 0; i < 20; i++) buckets.take('a', 1e9);
    expect(buckets.has('a', 1e9)).toBe(false);
  });
});
