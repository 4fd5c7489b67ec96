import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contactOf } from '../../../src/actors/dht/contact.ts';
import { type Candidate, Lookup } from '../../../src/actors/dht/lookup.ts';
import { runLookup } from '../../../src/actors/dht/run-lookup.ts';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../src/protocol/crypto/sha256.ts';
import { compareDistance, type NodeId } from '../../../src/protocol/objects/ids.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { Random } from '../../../src/supervisor/testing/random.ts';

const keyOf = (name: string) => toHex(sha256(Buffer.from(name)));
const addressOf = (n: number) => `tcp://${1 + (n >> 14)}.${(n >> 7) & 127}.${n & 127}.7:7001`;
const candidate = (n: number, from: string | null = null): Candidate => ({
  ...contactOf(keyOf(`node ${n}`), addressOf(n))!,
  from,
});
const place = (n: number): NodeId => sha256(Buffer.from(`target ${n}`)).slice(0, 20);

/** Honest nodes that know some others: the more of them the nearer they are, as their tables have it. */
class Honest {
  readonly all: readonly Candidate[];
  readonly #known = new Map<string, readonly Candidate[]>();

  constructor(size: number, random: Random) {
    this.all = Array.from({ length: size }, (_, n) => candidate(n));
    for (const each of this.all) {
      const others = this.all.filter(({ nodeKey }) => nodeKey !== each.nodeKey);
      const near = others.toSorted((a, b) => compareDistance(each.id!, a.id!, b.id!)).slice(0, 20);
      const far = Array.from({ length: 20 }, () => random.pick(others));
      this.#known.set(each.nodeKey!, [...near, ...far]);
    }
  }

  answer(of: Candidate, target: NodeId): Candidate[] {
    return this.#known
      .get(of.nodeKey!)!
      .toSorted((a, b) => compareDistance(target, a.id!, b.id!))
      .slice(0, 20)
      .map((each) => ({ ...each, from: of.nodeKey }));
  }

  nearest(target: NodeId): string[] {
    return this.all
      .toSorted((a, b) => compareDistance(target, a.id!, b.id!))
      .slice(0, 20)
      .map(({ nodeKey }) => nodeKey!);
  }
}

/** Asks one after the other, in an order of the seed's. */
function drive(lookup: Lookup, random: Random, ask: (candidate: Candidate) => Candidate[] | null): void {
  const underWay: Candidate[] = [];
  for (let steps = 0; !lookup.done; steps++) {
    if (steps > 2_000) throw new Error('it does not end');
    for (let next = lookup.next(); next !== null; next = lookup.next()) underWay.push(next);
    expect(underWay.length).toBeGreaterThan(0);
    const [one] = underWay.splice(random.integer(0, underWay.length - 1), 1);
    if (random.chance(0.1)) lookup.slow(one!);
    const closer = ask(one!);
    if (closer === null) lookup.failed(one!);
    else lookup.answered(one!, { nodeKey: one!.nodeKey!, id: one!.id! }, closer);
  }
}

describe('among honest nodes', () => {
  test.each([1, 3])('finds the nearest twenty over %i paths, with few questions', (paths) => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const net = new Honest(250, random);
      const target = place(seed);
      const lookup = new Lookup({ target, paths }, [
        random.pick(net.all),
        random.pick(net.all),
        random.pick(net.all),
      ]);
      drive(lookup, random, (each) => net.answer(each, target));
      expect(lookup.closest().map(({ nodeKey }) => nodeKey)).toEqual(net.nearest(target));
      expect(lookup.queries).toBeLessThanOrEqual(96);
    }
  });

  test('a third of them gone, finds the nearest of the rest', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const net = new Honest(250, random);
      const target = place(seed);
      const gone = new Set(net.all.filter(() => random.chance(1 / 3)).map(({ nodeKey }) => nodeKey));
      const lookup = new Lookup({ target }, net.all.slice(0, 8));
      drive(lookup, random, (each) => (gone.has(each.nodeKey) ? null : net.answer(each, target)));
      const found = lookup.closest().map(({ nodeKey }) => nodeKey);
      expect(found.some((key) => gone.has(key))).toBe(false);
      const nearest = net.all
        .filter(({ nodeKey }) => !gone.has(nodeKey))
        .toSorted((a, b) => compareDistance(target, a.id!, b.id!))
        .slice(0, 10);
      expect(found.slice(0, 10)).toEqual(nearest.map(({ nodeKey }) => nodeKey));
    }
  });
});

describe('nodes whose key nobody told', () => {
  const typed = (n: number): Candidate => ({ ...candidate(n), nodeKey: null, id: null });

  test('are asked, count where they turn out to be, and name nobody', () => {
    const lookup = new Lookup({ target: place(1) }, [typed(1), typed(2)]);
    const asked: string[] = [];
    for (let next = lookup.next(); next !== null; next = lookup.next()) {
      asked.push(next.address);
      const n = asked.length;
      lookup.answered(next, { nodeKey: keyOf(`node ${n}`), id: candidate(n).id! }, []);
    }
    expect(asked).toEqual([addressOf(1), addressOf(2)]);
    expect(lookup.done).toBe(true);
    expect(new Set(lookup.closest().map(({ nodeKey }) => nodeKey))).toEqual(
      new Set([keyOf('node 1'), keyOf('node 2')]),
    );
  });

  test('eight of them are asked in one lookup, however many are named', () => {
    const lookup = new Lookup(
      { target: place(1) },
      Array.from({ length: 30 }, (_, n) => typed(n)),
    );
    let asked = 0;
    for (let next = lookup.next(); next !== null; next = lookup.next()) {
      asked++;
      lookup.failed(next);
    }
    expect(asked).toBe(8);
    expect(lookup.done).toBe(true);
  });

  test('one that is known under two addresses counts once', () => {
    const lookup = new Lookup({ target: place(1) }, [typed(1), typed(2)]);
    for (let next = lookup.next(); next !== null; next = lookup.next()) {
      lookup.answered(next, { nodeKey: keyOf('node 9'), id: candidate(9).id! }, []);
    }
    expect(lookup.closest().length).toBe(1);
  });
});

describe('hostile answers', () => {
  test('one that names hundreds, itself, the same again, ends within the bounds', () => {
    const liar = fc.record({
      size: fc.integer({ min: 0, max: 300 }),
      spread: fc.constantFrom(1, 3, 200, 20_000),
      honestKeys: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(liar, { minLength: 1, maxLength: 4 }), fc.integer(), (liars, seed) => {
        const random = new Random(seed);
        const lookup = new Lookup({ target: place(seed), paths: 3 }, [
          candidate(0),
          candidate(1),
          candidate(2),
        ]);
        let asked = 0;
        const addresses = new Map<string, number>();
        drive(lookup, random, (each) => {
          asked++;
          addresses.set(each.address, (addresses.get(each.address) ?? 0) + 1);
          const { size, spread, honestKeys } = liars[asked % liars.length]!;
          return Array.from({ length: size }, (_, n) => {
            const number = n % spread;
            const key = honestKeys ? `node ${number}` : `${asked} ${n}`;
            return { ...contactOf(keyOf(key), addressOf(number))!, from: each.nodeKey };
          });
        });
        expect(asked).toBeLessThanOrEqual(96);
        // However many keys are invented for an address, it is knocked at twice.
        expect(Math.max(...addresses.values())).toBeLessThanOrEqual(2);
      }),
      { numRuns: 25, seed: 8 },
    );
  });

  test('of one neighbourhood two are asked, but for those this node knows itself', () => {
    const target = place(2);
    const lookup = new Lookup({ target }, [candidate(0)]);
    let asked = 0;
    for (let next = lookup.next(); next !== null; next = lookup.next()) {
      asked++;
      const crowd = Array.from({ length: 50 }, (_, n) => ({
        ...contactOf(keyOf(`sybil ${asked} ${n}`), `tcp://66.6.6.${n + 1}:${7_000 + asked}`)!,
        from: next!.nodeKey,
      }));
      lookup.answered(next, { nodeKey: next.nodeKey!, id: next.id! }, crowd);
    }
    expect(asked).toBe(3);
  });

  test('over disjoint paths one liar leads one of them astray, not all', () => {
    const random = new Random(5);
    const net = new Honest(200, random);
    const target = place(5);
    const seeds = net.all.slice(0, 6);
    const liar = seeds[2]!.nodeKey;
    const lookup = new Lookup({ target, paths: 3 }, seeds);
    drive(lookup, random, (each) => {
      if (!net.all.some(({ nodeKey }) => nodeKey === each.nodeKey)) return null;
      if (each.nodeKey !== liar) return net.answer(each, target);
      return Array.from({ length: 20 }, (_, n) => ({
        ...contactOf(keyOf(`nobody ${n}`), `tcp://44.${n}.1.1:7001`)!,
        from: liar,
      }));
    });
    expect(
      lookup.closest().filter(({ nodeKey }) => net.nearest(target).includes(nodeKey!)).length,
    ).toBeGreaterThan(15);
  });
});

describe('in time', () => {
  const who = (each: Candidate) => ({ nodeKey: each.nodeKey!, id: each.id! });

  test('three are asked at once; one that is slow does not hold up the others, and is given up in the end', async () => {
    const clock = new ManualClock();
    const lookup = new Lookup(
      { target: place(1) },
      Array.from({ length: 9 }, (_, n) => candidate(n)),
    );
    const begun: number[] = [];
    const silent = new Set<string>();
    const running = runLookup(lookup, {
      clock,
      signal: new AbortController().signal,
      ask: (each, signal) => {
        begun.push(clock.now());
        if (begun.length > 2) return Promise.resolve({ who: who(each), closer: [] });
        silent.add(each.nodeKey!);
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(failure('E_TIMEOUT', 'nothing came'))),
        );
      },
    });
    await clock.advance(0);
    // Two that are silent take two of the three places; the third goes on with the rest.
    expect(begun.length).toBe(9);
    await clock.advance(6_000);
    await running;
    expect(clock.pending).toBe(0);
    expect(lookup.closest().length).toBe(7);
    expect(lookup.closest().some(({ nodeKey }) => silent.has(nodeKey!))).toBe(false);
  });

  test('ends at once when it is aborted, or enough is found, and cancels what is under way', async () => {
    for (const how of ['abort', 'enough'] as const) {
      const clock = new ManualClock();
      const abort = new AbortController();
      const lookup = new Lookup({ target: place(1) }, [candidate(0), candidate(1), candidate(2)]);
      let cancelled = 0;
      let answered = 0;
      const running = runLookup(lookup, {
        clock,
        signal: abort.signal,
        enough: () => how === 'enough' && answered > 0,
        ask: (each, signal) => {
          if (how === 'enough' && each.nodeKey === lookup.closest()[0]?.nodeKey)
            throw new Error('asked twice');
          return new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => {
              cancelled++;
              reject(failure('E_ABORTED', 'cancelled'));
            });
            if (how === 'enough' && answered === 0) {
              answered++;
              resolve({ who: who(each), closer: [] });
            }
          });
        },
      });
      if (how === 'abort') abort.abort();
      await running;
      expect(cancelled).toBeGreaterThanOrEqual(how === 'abort' ? 3 : 2);
      await clock.advance(10_000);
      expect(clock.pending).toBe(0);
    }
  });

  test('a bug in asking ends it with the bug', async () => {
    const lookup = new Lookup({ target: place(1) }, [candidate(0)]);
    await expect(
      runLookup(lookup, {
        clock: new ManualClock(),
        signal: new AbortController().signal,
        ask: () => Promise.reject(new TypeError('a bug')),
      }),
    ).rejects.toThrow('a bug');
  });
});
