import { expect, test } from 'vitest';
import { candidateFrom, candidatesOf } from '../../../src/actors/dht/candidates.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';

const rules = { scope: 'public', own: new Set(['quic://8.8.8.8:7000']), ownKey: 'ff'.repeat(32) } as const;
const key = (octet: number) => new Uint8Array(32).fill(octet);
const peer = (octet: number, change: Partial<PeerAddr>): PeerAddr => ({
  ...{
    ip: new Uint8Array([8, 8, 8, 8]),
    port: 7_001,
    transport: 'tcp',
    pubkeyHint: key(octet),
    relayVia: null,
  },
  ...change,
});

test('named are those who may be dialled, at the address that was named, QUIC or TCP; neither the namer nor this node', () => {
  const named = [
    peer(1, {}),
    peer(2, { transport: 'quic', port: 7_002 }),
    // This node's own, a port of the system, somebody at home, behind a relay.
    peer(3, { transport: 'quic', port: 7_000 }),
    peer(4, { transport: 'quic', port: 1_023 }),
    peer(5, { ip: new Uint8Array([10, 0, 0, 1]) }),
    peer(6, { relayVia: { relayAddr: peer(7, {}), slotId: 1n } }),
    peer(8, {}),
    peer(0xff, { port: 9_000 }),
    peer(9, { transport: 'quic', port: 65_535 }),
  ];
  const found = candidatesOf(named, nodeIdOf(key(1)), '08'.repeat(32), rules);
  expect(found.map(({ address }) => address).sort()).toEqual([
    'quic://8.8.8.8:65535',
    'quic://8.8.8.8:7002',
    'tcp://8.8.8.8:7001',
  ]);
  expect(candidateFrom('quic://8.8.8.8:7002', 'pex', 'ab', rules)).toEqual({
    ...{ name: 'quic://8.8.8.8:7002@', address: 'quic://8.8.8.8:7002', nodeKey: null, id: null, from: 'ab' },
    neighbourhood: expect.anything(),
  });
});
