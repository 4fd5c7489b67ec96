import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ItemIndex, ItemIndexBuilder, idAt } from '../../../../src/actors/dht/announce/item-index.ts';
import { readMarks } from '../../../../src/actors/dht/announce/marks.ts';
import { MAX_MERGED, mergeProviders } from '../../../../src/actors/dht/announce/merge-providers.ts';
import { Region } from '../../../../src/actors/dht/announce/region.ts';
import { SendRate } from '../../../../src/actors/dht/announce/send-rate.ts';
import type { Candidate } from '../../../../src/actors/dht/lookup.ts';
import { MAX_VALUES_EACH, ReceiverBudgets } from '../../../../src/actors/dht/receiver-budgets.ts';
import { encodeWith } from '../../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../../src/protocol/crypto/sha256.ts';
import { providersKey } from '../../../../src/protocol/objects/dht-keys.ts';
import { compareDistance } from '../../../../src/protocol/objects/ids.ts';
import { type Providers, providers } from '../../../../src/protocol/objects/providers.ts';
import type { PeerAddr } from '../../../../src/protocol/wire/peer-addr.ts';

const octets = (name: string) => sha256(Buffer.from(name));

describe('the index of contents', () => {
  const indexOf = (names: readonly string[], fresh = false, limit?: number) => {
    const builder = new ItemIndexBuilder(limit);
    for (const name of names) builder.add(octets(name), providersKey(octets(name)), fresh);
    return new ItemIndex([...builder.sorted()], builder.left);
  };

  test('has every content once, in the order of its key', () => {
    const names = Array.from({ length: 3_000 }, (_, n) => `item ${n % 2_500}`);
    const index = indexOf(names);
    expect(index.size).toBe(2_500);
    const keys = index.buckets.flatMap((bucket) =>
      Array.from({ length: bucket.size }, (_, at) => toHex(providersKey(idAt(bucket, at)))),
    );
    expect(keys).toEqual(keys.toSorted());
    expect(new Set(keys)).toEqual(new Set(names.map((name) => toHex(providersKey(octets(name))))));
  });

  test('knows what is in it and what is new', () => {
    const old = indexOf(['a', 'b']);
    const fresh = indexOf(['c'], true);
    const state = (index: ItemIndex, name: string) => index.stateOf(octets(name), providersKey(octets(name)));
    expect([state(old, 'a'), state(old, 'c'), state(fresh, 'c')]).toEqual(['known', 'absent', 'fresh']);
    expect([old.fresh, fresh.fresh, ItemIndex.empty.size]).toEqual([0, 1, 0]);
  });

  test('leaves out what it has no room for, and says how much', () => {
    const index = indexOf(['a', 'b', 'c', 'd'], false, 3);
    expect([index.size, index.left]).toEqual([3, 1]);
  });
});

describe('a region', () => {
  const nodeAt = (n: number): Candidate => ({
    name: `node ${n}`,
    ...{
      address: `tcp://127.0.0.1:${n}`,
      nodeKey: toHex(octets(`node ${n}`)),
      id: octets(`id ${n}`).slice(0, 20),
    },
    ...{ neighbourhood: null, from: null },
  });

  test('has the nearest nodes of the keys it covers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), fc.nat(), (count, at, other) => {
        const nodes = Array.from({ length: count }, (_, n) => nodeAt(n));
        const target = octets(`target ${at}`).slice(0, 20);
        const nearestTo = (key: Uint8Array) => nodes.toSorted((a, b) => compareDistance(key, a.id!, b.id!));
        const region = new Region(target, nearestTo(target).slice(0, 20));
        expect(region.covers(target)).toBe(true);
        const key = octets(`key ${other}`).slice(0, 20);
        if (!region.covers(key)) return;
        const own = Math.min(region.inside, 8);
        expect(region.nearest(key).slice(0, own)).toEqual(nearestTo(key).slice(0, own));
      }),
    );
  });

  test('of a small network is all of the keyspace; of a large one a lookup is good for many keys', () => {
    const small = new Region(
      octets('t').slice(0, 20),
      Array.from({ length: 12 }, (_, n) => nodeAt(n)),
    );
    expect([small.bits, small.inside]).toEqual([0, 12]);
    const nodes = Array.from({ length: 1_000 }, (_, n) => nodeAt(n));
    const keys = Array.from({ length: 5_000 }, (_, n) => octets(`key ${n}`).slice(0, 20)).toSorted(
      Buffer.compare,
    );
    let lookups = 0;
    let region: Region | null = null;
    for (const key of keys) {
      if (region?.covers(key)) continue;
      lookups++;
      region = new Region(key, nodes.toSorted((a, b) => compareDistance(key, a.id!, b.id!)).slice(0, 20));
    }
    expect(lookups).toBeLessThan(160);
  });

  test('drops who does not answer', () => {
    const region = new Region(octets('t').slice(0, 20), [nodeAt(1), nodeAt(2)]);
    region.drop(region.receivers[0]!);
    expect(region.receivers.length).toBe(1);
    expect(region.inside).toBe(1);
  });
});

describe('lists of providers', () => {
  const peer = (n: number): PeerAddr => ({
    ...{ ip: Uint8Array.of(9, 9, n >> 8, n & 255), port: 7001, transport: 'tcp' as const },
    ...{ pubkeyHint: octets(`peer ${n}`), relayVia: null },
  });
  const contentId = octets('content');
  const list = (peers: readonly PeerAddr[], updatedAt: bigint): Providers => ({
    contentId,
    providers: peers,
    updatedAt,
  });
  const rules = { nodeKey: peer(0).pubkeyHint!, now: 1_000_000n, life: 86_400n, mayTell: () => true };
  const own = list([peer(0)], rules.now);
  const numbers = (merged: Providers) => merged.providers.map(({ ip }) => ip[2]! * 256 + ip[3]!);

  test('own first, then who wrote since; who did not write since goes', () => {
    expect(numbers(mergeProviders(null, own, rules))).toEqual([0]);
    expect(numbers(mergeProviders(list([peer(1), peer(2)], 999_000n), own, rules))).toEqual([0, 1, 2]);
    expect(numbers(mergeProviders(list([peer(1), peer(0), peer(2)], 999_000n), own, rules))).toEqual([0, 1]);
  });

  test('those who write in turn stay, those who stopped are gone after a round', () => {
    let written: Providers | null = null;
    const write = (n: number) => {
      const mine = list([peer(n)], rules.now);
      written = mergeProviders(written, mine, { ...rules, nodeKey: peer(n).pubkeyHint! });
    };
    for (const n of [1, 2, 3, 1, 2, 3]) write(n);
    expect(new Set(numbers(written!))).toEqual(new Set([1, 2, 3]));
    for (const n of [1, 3, 1, 3]) write(n);
    expect(new Set(numbers(written!))).toEqual(new Set([1, 3]));
  });

  test('old ones, those of the future, of another content, and addresses that nobody may dial are not passed on', () => {
    expect(numbers(mergeProviders(list([peer(1)], 1_000_000n - 86_401n), own, rules))).toEqual([0]);
    expect(numbers(mergeProviders(list([peer(1)], 1_000_601n), own, rules))).toEqual([0]);
    const other = { ...list([peer(1)], 999_000n), contentId: octets('other') };
    expect(numbers(mergeProviders(other, own, rules))).toEqual([0]);
    const strict = { ...rules, mayTell: ({ ip }: PeerAddr) => ip[3] !== 1 };
    expect(numbers(mergeProviders(list([peer(1), peer(2)], 999_000n), own, strict))).toEqual([0, 2]);
  });

  test('are bounded, equal addresses once', () => {
    const many = Array.from({ length: 900 }, (_, n) => peer(1 + (n % 450)));
    const merged = mergeProviders(list(many, 999_000n), own, rules);
    expect(merged.providers.length).toBe(MAX_MERGED);
    expect(new Set(numbers(merged)).size).toBe(MAX_MERGED);
    expect(encodeWith(providers, merged).length).toBeLessThan(65_536);
  });
});

describe('budgets of receivers', () => {
  test('never more than sixty values within a minute, whoever asks when', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 300 }), (steps) => {
        const budgets = new ReceiverBudgets();
        let now = 0;
        const turns: number[] = [];
        for (const step of steps) {
          now += step % 7 === 0 ? 0 : step;
          const wait = budgets.reserve('a', now, 30_000, 0);
          if (wait !== null) turns.push(now + wait);
        }
        turns.sort((a, b) => a - b);
        for (let n = 60; n < turns.length; n++)
          expect(turns[n]! - turns[n - 60]!).toBeGreaterThanOrEqual(60_000);
      }),
    );
  });

  test('five thousand values each, what is given again counts once; who has no room is believed', () => {
    const budgets = new ReceiverBudgets();
    let now = 0;
    const give = (part: number) => {
      now += 2_000;
      if (!budgets.hasRoom('a', now)) return false;
      return budgets.reserve('a', now, 30_000, part) !== null;
    };
    let given = 0;
    for (let n = 0; n < 6_000; n++) if (give(n % 256)) given++;
    expect(given).toBe(MAX_VALUES_EACH);
    budgets.begin(7);
    let again = 0;
    for (let n = 0; n < 100; n++) if (give(7)) again++;
    expect(again).toBe(20);
    budgets.full('b', now);
    expect([budgets.hasRoom('b', now), budgets.room('b')]).toEqual([true, 1]);
    expect(budgets.room('c')).toBe(MAX_VALUES_EACH);
  });

  test('five seconds of peace after a refusal', () => {
    const budgets = new ReceiverBudgets();
    budgets.pause('a', 1_000);
    expect(budgets.reserve('a', 2_000, 30_000, null)).toBe(4_000);
    expect(budgets.reserve('a', 2_000, 3_000, null)).toBeNull();
    expect(budgets.pausedMs('a', 6_000)).toBe(0);
  });
});

test('the rate is that of the last ten minutes', () => {
  const rate = new SendRate(0);
  for (let minute = 1; minute <= 30; minute++) rate.note(minute * 60, minute * 60_000);
  expect(rate.perSecond(1_800, 1_800_000)).toBeCloseTo(1);
  for (let minute = 31; minute <= 45; minute++) rate.note(1_800, minute * 60_000);
  expect(rate.perSecond(1_800, 45 * 60_000)).toBe(0);
});

test('marks of anything but this are none', () => {
  const given = Array.from({ length: 256 }, () => 1);
  const marks = { cycle: { slotMs: 5, done: 7 }, epoch: 3, given, shares: null };
  expect(readMarks(JSON.stringify(marks))).toEqual(marks);
  for (const text of ['', 'null', '[]', '{"cycle":1}', JSON.stringify({ ...marks, given: [1] })]) {
    expect(readMarks(text)).toBeNull();
  }
});
