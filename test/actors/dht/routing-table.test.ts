import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contactOf } from '../../../src/actors/dht/contact.ts';
import { K, RoutingTable } from '../../../src/actors/dht/routing-table.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../src/protocol/crypto/sha256.ts';
import { bucketIndex, compareDistance } from '../../../src/protocol/objects/ids.ts';

const NATIVE = { native: true, dialect: '2/8' };
const own = new Uint8Array(20);
const keyOf = (number: number) => toHex(sha256(Buffer.from(`node ${number}`)));
/** Each in a neighbourhood of its own, unless said otherwise. */
const node = (number: number, address = `tcp://5.${(number >> 8) & 255}.${number & 255}.9:7001`) =>
  contactOf(keyOf(number), address)!;
/** Numbers of nodes whose ids lie in the far half. */
const far = Array.from({ length: 200 }, (_, n) => n).filter((n) => bucketIndex(own, node(n).id) === 0);

describe('a bucket', () => {
  test('holds twenty; the next one waits, and gets the place of one that is gone', () => {
    const table = new RoutingTable(own);
    for (const n of far.slice(0, K)) expect(table.seen(node(n), NATIVE, n)).toEqual({ kind: 'in' });
    const newcomer = node(far[K]!);
    const full = table.seen(newcomer, NATIVE, 500);
    expect(full).toMatchObject({ kind: 'full', oldest: { contact: node(far[0]!) } });
    expect(table.get(newcomer.id)).toBeNull();
    // It answers: it is the last to go from now on.
    table.seen(node(far[0]!), NATIVE, 501);
    expect(table.seen(newcomer, NATIVE, 502)).toMatchObject({ oldest: { contact: node(far[1]!) } });
    expect(table.failed(node(far[1]!))).toBe(true);
    expect(table.get(newcomer.id)).not.toBeNull();
    expect(table.get(node(far[1]!).id)).toBeNull();
    expect(table.size).toBe(K);
  });

  test('keeps one that fails now and then, while nobody waits for its place', () => {
    const table = new RoutingTable(own);
    table.seen(node(1), NATIVE, 0);
    expect([table.failed(node(1)), table.failed(node(1))]).toEqual([false, false]);
    table.seen(node(1), NATIVE, 1);
    expect([table.failed(node(1)), table.failed(node(1)), table.failed(node(1))]).toEqual([
      false,
      false,
      true,
    ]);
    expect(table.size).toBe(0);
  });

  test('takes two of a neighbourhood, the table four; addresses of a local network are not counted', () => {
    const table = new RoutingTable(own);
    const results = far
      .slice(0, 5)
      .map((n) => table.seen(node(n, `tcp://9.9.9.${n + 1}:7001`), NATIVE, n).kind);
    expect(results).toEqual(['in', 'in', 'refused', 'refused', 'refused']);
    for (let n = 0; n < 3_000; n++)
      table.seen(node(n, `tcp://8.8.8.${(n % 250) + 1}:${2_000 + n}`), NATIVE, n);
    expect([...table.entries()].filter(({ contact }) => contact.neighbourhood === '8.8.8').length).toBe(4);
    const lan = new RoutingTable(own);
    for (const n of far.slice(0, K)) lan.seen(node(n, `tcp://192.168.1.${n + 1}:7001`), NATIVE, n);
    expect(lan.size).toBe(K);
  });

  test('a node that moves keeps one place; another key at its address is another node', () => {
    const table = new RoutingTable(own);
    table.seen(node(1), NATIVE, 0);
    table.seen(node(1, 'tcp://7.7.7.7:9000'), NATIVE, 1);
    expect(table.size).toBe(1);
    expect(table.get(node(1).id)?.contact.address).toBe('tcp://7.7.7.7:9000');
    // News of its old place is no news of it.
    expect([1, 2, 3].map(() => table.failed(node(1)))).toEqual([false, false, false]);
    expect(table.size).toBe(1);
  });

  test('never takes ourselves', () => {
    const self = node(3);
    const table = new RoutingTable(self.id);
    expect(table.seen(self, NATIVE, 0)).toEqual({ kind: 'refused' });
    expect(table.size).toBe(0);
  });
});

test('buckets without a lookup for long are stale; a lookup in their range makes them fresh', () => {
  const table = new RoutingTable(own);
  for (let n = 0; n < 50; n++) table.seen(node(n), NATIVE, 0);
  const buckets = table.buckets;
  expect(table.stale(1)).toEqual(buckets);
  table.looked(node(far[0]!).id, 5);
  expect(table.stale(1)).toEqual(buckets.filter((index) => index !== 0));
});

test('whatever happens, no bucket is above its bounds, sizes add up, and closest are the closest', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('seen' as const), n: fc.nat(300), net: fc.nat(40) }),
    },
    fc.record({ kind: fc.constant('failed' as const), n: fc.nat(300), net: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.nat(300), (steps, wanted) => {
      const table = new RoutingTable(own);
      for (const [now, { kind, n, net }] of steps.entries()) {
        const contact = node(n, `tcp://6.6.${net}.${(n % 250) + 1}:7001`);
        if (kind === 'seen') table.seen(contact, NATIVE, now);
        else table.failed(contact);
      }
      const entries = [...table.entries()];
      expect(table.size).toBe(entries.length);
      expect(new Set(entries.map(({ contact }) => contact.nodeKey)).size).toBe(entries.length);
      for (const bucket of table.buckets) {
        const inside = entries.filter((entry) => entry.bucket === bucket);
        expect(inside.length).toBeLessThanOrEqual(K);
        for (const { contact } of inside) {
          expect(bucketIndex(own, contact.id)).toBe(bucket);
          const neighbours = inside.filter((each) => each.contact.neighbourhood === contact.neighbourhood);
          expect(neighbours.length).toBeLessThanOrEqual(2);
        }
        const seen = inside.map(({ seenAt }) => seenAt);
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      }
      const target = node(wanted).id;
      const all = entries
        .map(({ contact }) => contact)
        .sort((a, b) => compareDistance(target, a.id, b.id))
        .slice(0, K);
      expect(table.closest(target, K).map(({ contact }) => contact.nodeKey)).toEqual(
        all.map(({ nodeKey }) => nodeKey),
      );
    }),
    { numRuns: 150, seed: 4 },
  );
});
