import { expect, test } from 'vitest';
import type { StoredPeer } from '../../../src/actors/known-peer-types.ts';
import { answerPeers, type Known } from '../../../src/actors/pex/answer-peers.ts';
import { offeredAddresses } from '../../../src/actors/pex/offered.ts';
import { seededRandom } from '../../../src/actors/seeded-random.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import { addressOf, keyOf, NOW, storedPeer } from './peers.ts';

const OWN = 'tcp://203.0.113.1:7001';
const known = (peers: readonly StoredPeer[], change: Partial<Known> = {}): Known => ({
  own: [OWN],
  ownKey: keyOf(1_000_000),
  peers,
  ...change,
});
const told = (peers: readonly StoredPeer[], max = 64, dialect = DIALECT_2, change: Partial<Known> = {}) =>
  offeredAddresses(
    answerPeers({ nodeKey: keyOf(500), dialect }, max, known(peers, change), NOW, seededRandom(1)),
  ).map(({ address }) => address);

test('this node itself first, with its key, however little is asked for', () => {
  const [own] = answerPeers(
    { nodeKey: keyOf(500), dialect: DIALECT_1 },
    1,
    known([storedPeer(1)]),
    NOW,
    seededRandom(1),
  );
  expect(own).toMatchObject({ port: 7001, transport: 'tcp', relayVia: null });
  expect(own!.pubkeyHint).toHaveLength(32);
  expect(told([storedPeer(1)], 1)).toEqual([OWN]);
  expect(told([storedPeer(1)], 0)).toEqual([]);
  expect(told([storedPeer(1)], 2)).toEqual([OWN, addressOf(1)]);
  expect(told([storedPeer(1)], 64, DIALECT_2, { own: [] })).toEqual([addressOf(1)]);
  const many = Array.from({ length: 9 }, (_, i) => addressOf(i, 8_000));
  expect(told([storedPeer(1)], 64, DIALECT_2, { own: many })).toEqual([...many.slice(0, 4), addressOf(1)]);
});

test('at most 64, of those that answered within a day and did not fail since', () => {
  const many = Array.from({ length: 300 }, (_, n) => storedPeer(n));
  expect(told(many, 255)).toHaveLength(64);
  expect(new Set(told(many, 255)).size).toBe(64);
  const peers = [
    storedPeer(1, { seenAt: NOW - 86_400 }),
    storedPeer(2, { seenAt: NOW - 86_401 }),
    storedPeer(3, { failures: 1 }),
    // The asker, and this node under another address.
    storedPeer(500),
    storedPeer(4, { nodeKey: keyOf(1_000_000) }),
  ];
  expect(told(peers)).toEqual([OWN, addressOf(1)]);
});

test('only whom the asker can dial: its own dialect, and Granary nodes, which speak all of them', () => {
  const peers = [
    storedPeer(1, { native: false, version: 1, capabilityKeys: 5 }),
    storedPeer(2, { native: false, version: 1, capabilityKeys: 8 }),
    storedPeer(3, { native: false, version: 2, capabilityKeys: 8 }),
    storedPeer(4, { native: true, version: 2, capabilityKeys: 8 }),
  ];
  const others = (dialect: typeof DIALECT_1) => told(peers, 64, dialect).slice(1).sort();
  expect(others(DIALECT_1)).toEqual([addressOf(1), addressOf(4)]);
  expect(others(DIALECT_1_8)).toEqual([addressOf(2), addressOf(4)]);
  expect(others(DIALECT_2)).toEqual([addressOf(3), addressOf(4)]);
});

test('of an offer: 64 at most, none behind a relay, no port 0, QUIC as what it is, each once', () => {
  const peer = (change: Partial<PeerAddr>): PeerAddr => ({
    ip: new Uint8Array([192, 0, 2, 1]),
    port: 7001,
    transport: 'tcp',
    pubkeyHint: null,
    relayVia: null,
    ...change,
  });
  const relayed = peer({ port: 1, relayVia: { relayAddr: peer({ port: 2 }), slotId: 1n } });
  const offer = [
    relayed,
    peer({ port: 0 }),
    peer({ port: 65_535, transport: 'quic' }),
    peer({ port: 7_000, transport: 'quic' }),
    peer({ pubkeyHint: new Uint8Array(32) }),
    peer({ port: 9, pubkeyHint: new Uint8Array(32).fill(0xab) }),
  ];
  expect(offeredAddresses(offer)).toEqual([
    { address: 'quic://192.0.2.1:65535', nodeKey: null },
    { address: 'quic://192.0.2.1:7000', nodeKey: null },
    { address: 'tcp://192.0.2.1:7001', nodeKey: '00'.repeat(32) },
    { address: 'tcp://192.0.2.1:9', nodeKey: 'ab'.repeat(32) },
  ]);
  expect(offeredAddresses(Array.from({ length: 1_000 }, (_, port) => peer({ port: port + 1 })))).toHaveLength(
    64,
  );
});
