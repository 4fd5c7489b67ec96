import { expect, test } from 'vitest';
import { Hearsay } from '../../../src/actors/pex/hearsay.ts';
import { addressOf, keyOf } from './peers.ts';

const bounds = { addresses: 50, perAnnouncer: 10, perNet: 3 };
const rumour = (n: number, announcer: number, address = addressOf(n)) => ({
  address,
  nodeKey: keyOf(n),
  announcer: keyOf(announcer),
});

test('bounded by announcer, by neighbourhood and in all', () => {
  const hearsay = new Hearsay(bounds);
  for (let n = 0; n < 1_000; n++) hearsay.add(rumour(n, 5_000));
  expect(hearsay.size).toBe(10);
  // The newest of them.
  expect(hearsay.has(addressOf(999))).toBe(true);
  for (let n = 0; n < 100; n++) hearsay.add(rumour(n, 6_000 + n, `tcp://198.51.100.${n}:7001`));
  expect(hearsay.size).toBe(13);
  for (let n = 2_000; n < 3_000; n++) hearsay.add(rumour(n, n));
  expect(hearsay.size).toBe(50);
});

test('a flood of announcers cannot take the room of one address twice', () => {
  const hearsay = new Hearsay({ addresses: 10, perAnnouncer: 1, perNet: 1 });
  hearsay.add(rumour(1, 1));
  hearsay.add(rumour(2, 2));
  // Its announcer has one already, and so has its neighbourhood.
  hearsay.add(rumour(3, 2, addressOf(1, 9)));
  expect(hearsay.size).toBeLessThanOrEqual(2);
});

test('taken one announcer after the other, each address once', () => {
  const hearsay = new Hearsay(bounds);
  for (const n of [1, 2, 3]) hearsay.add(rumour(n, 100));
  for (const n of [4, 5]) hearsay.add(rumour(n, 200));
  hearsay.add(rumour(6, 300));
  const taken = Array.from({ length: 7 }, () => hearsay.take()?.address ?? null);
  expect(taken).toEqual([...[1, 4, 6, 2, 5, 3].map((n) => addressOf(n)), null]);
  expect(hearsay.size).toBe(0);
});

test('announcers that contradict each other about a key leave the address without one', () => {
  const hearsay = new Hearsay(bounds);
  hearsay.add(rumour(1, 100));
  hearsay.add({ ...rumour(1, 200), nodeKey: null });
  hearsay.add(rumour(1, 200));
  expect([...hearsay.all()]).toEqual([rumour(1, 100)]);
  hearsay.add({ ...rumour(1, 300), nodeKey: keyOf(2) });
  expect(hearsay.take()).toEqual({ ...rumour(1, 100), nodeKey: null });
});
