import { describe, expect, test } from 'vitest';
import { netOf, PeerTable } from '../../../src/actors/pex/peer-table.ts';
import { decayed } from '../../../src/actors/pex/score.ts';
import { addressOf, keyOf, NOW, storedPeer } from './peers.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const bounds = { peers: 100, perSource: 5, perNet: 3, perKey: 2 };

describe('bounds', () => {
  test('in all: the worst makes room, of equals the one unheard of longest', () => {
    const table = new PeerTable(bounds);
    for (let n = 0; n < 100; n++) table.answered(storedPeer(n), NOW + n);
    table.failed(addressOf(70), NOW + 100);
    table.answered(storedPeer(100), NOW + 100);
    expect(table.size).toBe(100);
    expect(table.get(addressOf(70))).toBeNull();
    table.answered(storedPeer(101), NOW + 101);
    expect(table.get(addressOf(0))).toBeNull();
    expect(table.get(addressOf(1))).not.toBeNull();
    for (let n = 200; n < 5_000; n++) table.answered(storedPeer(n), NOW + n);
    expect(table.size).toBe(100);
  });

  test('by neighbourhood, by key, and by the peer that told of them', () => {
    const table = new PeerTable(bounds);
    const announcer = keyOf(999);
    for (let n = 0; n < 20; n++) table.answered(storedPeer(n, { source: announcer }), NOW + n);
    expect(table.size).toBe(5);
    for (let n = 0; n < 20; n++) {
      table.answered(storedPeer(n, { address: `tcp://198.51.100.${n}:7001` }), NOW + n);
    }
    expect(table.size).toBe(8);
    for (let n = 100; n < 120; n++) table.answered(storedPeer(n, { nodeKey: keyOf(1_000) }), NOW + n);
    expect(table.size).toBe(10);
    // What the node dialled for itself is not bounded by who told of it.
    for (let n = 200; n < 220; n++) table.answered(storedPeer(n, { source: 'seed' }), NOW + n);
    expect(table.size).toBe(30);
  });

  test('neighbourhoods are a /24 and a /48', () => {
    expect(netOf('tcp://192.0.2.7:7001')).toBe(netOf('tcp://192.0.2.200:9000'));
    expect(netOf('tcp://192.0.2.7:7001')).not.toBe(netOf('tcp://192.0.3.7:7001'));
    expect(netOf('tcp://[2001:db8:0:1::1]:1')).toBe(netOf('tcp://[2001:db8:0:ffff::]:2'));
    expect(netOf('tcp://[2001:db8:0:1::1]:1')).not.toBe(netOf('tcp://[2001:db8:1::1]:1'));
  });
});

describe('scores', () => {
  test('an answer counts one, a failure two, ten at most', () => {
    const table = new PeerTable();
    const { address } = storedPeer(1);
    table.answered(storedPeer(1), NOW);
    table.failed(address, NOW);
    expect(table.get(address)).toMatchObject({ score: -1, failures: 1 });
    table.failed(address, NOW);
    expect(table.get(address)).toMatchObject({ score: -3, failures: 2 });
    for (let i = 0; i < 30; i++) table.answered(storedPeer(1), NOW);
    expect(table.get(address)).toMatchObject({ score: 10, failures: 0 });
    for (let i = 0; i < 8; i++) table.failed(address, NOW);
    expect(table.get(address)).toMatchObject({ score: -6 });
  });

  test('half is forgotten in six hours; a clock that was set back forgets nothing', () => {
    const peer = storedPeer(1, { score: 8 });
    expect(decayed(peer, NOW + 6 * HOUR)).toBeCloseTo(4);
    expect(decayed(peer, NOW + DAY)).toBeCloseTo(0.5);
    expect(decayed(peer, NOW - DAY)).toBe(8);
    const table = new PeerTable();
    table.load([peer]);
    table.failed(peer.address, NOW + 6 * HOUR);
    expect(table.get(peer.address)!.score).toBeCloseTo(2);
  });

  test('another key at the address begins at nothing', () => {
    const table = new PeerTable();
    for (let i = 0; i < 5; i++) table.answered(storedPeer(1), NOW);
    table.answered(storedPeer(1, { nodeKey: keyOf(2) }), NOW);
    expect(table.get(addressOf(1))).toMatchObject({ nodeKey: keyOf(2), score: 1 });
    expect(table.size).toBe(1);
  });
});

test('one that fails for days is forgotten, one that was there lately is not', () => {
  const table = new PeerTable();
  table.load([storedPeer(1), storedPeer(2, { seenAt: NOW - 2 * DAY })]);
  const fail = (n: number, now: number) => table.failed(addressOf(n), now);
  for (let i = 0; i < 50; i++) expect([fail(1, NOW + DAY), fail(2, NOW)]).toEqual([true, true]);
  expect([fail(1, NOW + DAY), fail(2, NOW + DAY)]).toEqual([true, false]);
  expect(table.get(addressOf(2))).toBeNull();
  expect(fail(3, NOW)).toBe(false);
});

test('what is to be written down: changes alone, each once, and what could not be is one again', () => {
  const table = new PeerTable();
  table.load([storedPeer(1), storedPeer(2), storedPeer(3)]);
  expect(table.takeChanges()).toEqual({ kept: [], gone: [] });
  table.answered(storedPeer(1), NOW + 1);
  table.answered(storedPeer(1), NOW + 2);
  table.forget(addressOf(2));
  const { kept, gone } = table.takeChanges();
  expect([kept.map(({ seenAt }) => seenAt), gone]).toEqual([[NOW + 2], [addressOf(2)]]);
  expect(table.takeChanges()).toEqual({ kept: [], gone: [] });
  table.putBack([addressOf(1), addressOf(2)]);
  expect(table.takeChanges()).toEqual({ kept, gone });
});
