import { afterEach, describe, expect, test } from 'vitest';
import { meansAnything } from '../../../src/actors/pex/means-anything.ts';
import { DIALECT_1 } from '../../../src/protocol/dialect.ts';
import { addressOf, keyOf, NOW, storedPeer } from './peers.ts';
import { Kept, OWN_ADDRESS, OWN_KEY, PexWorld, peerAddr } from './world.ts';

let world: PexWorld;
afterEach(async () => {
  await world.stop();
  expect(world.said.filter(({ message }) => message === 'a bug')).toEqual([]);
});

const MINUTE = 60_000;
const hostAndPort = (peers: readonly { transport: string; ip: Uint8Array; port: number }[]) =>
  peers.map(({ transport, ip, port }) => `${transport}://${[...ip].join('.')}:${port}`);

describe('connections that are kept up', () => {
  test('the bootstrap list first, and as many as are wanted from what it knows', async () => {
    world = await PexWorld.start({ bootstrap: [addressOf(0)], outbound: 5 });
    const others = Array.from({ length: 20 }, (_, i) => i + 1);
    world.node(addressOf(0), keyOf(0), { knows: others.map((n) => peerAddr(addressOf(n), keyOf(n))) });
    for (const n of others) world.node(addressOf(n), keyOf(n));
    await world.clock.advance(MINUTE);
    expect(world.dials[0]).toMatchObject({ address: addressOf(0), nodeKey: undefined });
    expect(world.dials[0]!.at - NOW * 1000).toBeLessThan(1_000);
    expect(world.sessions.size).toBeGreaterThanOrEqual(5);
    // Hearsay is tried with the key it was told with.
    expect(world.dials[1]!.nodeKey).toBe(
      keyOf(others.find((n) => addressOf(n) === world.dials[1]!.address)!),
    );
    const rows = await world.rows();
    const sources = rows.filter(({ state }) => state === 'answered').map(({ source }) => source);
    expect(new Set(sources)).toEqual(new Set(['seed', keyOf(0)]));
  });

  test('none with outbound = 0, not even the bootstrap list', async () => {
    world = await PexWorld.start({ bootstrap: [addressOf(0)], outbound: 0 });
    world.node(addressOf(0), keyOf(0));
    await world.clock.advance(10 * MINUTE);
    expect(world.dials).toEqual([]);
    await world.handlers.configure(
      { bootstrap: [addressOf(0)], bootstrapPinned: false, outbound: 1, scope: 'public' },
      world.call,
    );
    await world.clock.advance(1_000);
    expect(world.sessions.size).toBe(1);
  });

  test('with a dead bootstrap list it comes back through the peers it knew', async () => {
    const kept = new Kept();
    for (let n = 1; n <= 10; n++) kept.peers.set(addressOf(n), storedPeer(n, { score: n }));
    world = await PexWorld.start(
      { bootstrap: [addressOf(900), 'tcp://gone.example:7001'], outbound: 4 },
      { kept },
    );
    for (let n = 1; n <= 10; n++) world.node(addressOf(n), keyOf(n), { up: n % 2 === 0 });
    await world.clock.advance(2 * MINUTE);
    expect(world.sessions.size).toBe(4);
    // Pinned: whoever else lives there now is not them.
    expect(
      world.dials
        .filter(({ address }) => address !== addressOf(900))
        .every(({ nodeKey }) => nodeKey !== undefined),
    ).toBe(true);
    expect((await world.seeds()).map(({ state, error }) => [state, error?.code])).toEqual([
      ['failing', 'E_PEER_UNREACHABLE'],
      ['failing', 'E_PEER_UNREACHABLE'],
    ]);
  });

  test('what does not answer is left alone longer and longer; nobody is dialled in a flood', async () => {
    world = await PexWorld.start({ bootstrap: [addressOf(0), addressOf(1)], outbound: 6 });
    await world.clock.advance(60 * MINUTE);
    const times = world.dials.filter(({ address }) => address === addressOf(0)).map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(6);
    expect(times.length).toBeLessThanOrEqual(12);
    for (let i = 2; i < times.length; i++) {
      expect(times[i]! - times[i - 1]!).toBeGreaterThan(times[i - 1]! - times[i - 2]!);
    }
    // Told once.
    expect(
      world.said.filter(({ fields }) => (fields as { seed?: string }).seed === addressOf(0)),
    ).toHaveLength(1);
  });

  test('dials have a budget, whatever is offered', async () => {
    world = await PexWorld.start({ bootstrap: [addressOf(0)], outbound: 64 });
    const knows = Array.from({ length: 64 }, (_, i) => peerAddr(addressOf(i + 1)));
    world.node(addressOf(0), keyOf(0), { knows });
    for (let n = 0; n < 1_000; n++) await world.offer(keyOf(5_000 + n), [peerAddr(addressOf(1_000 + n))]);
    await world.clock.advance(10 * MINUTE);
    expect(world.dials.length).toBeLessThanOrEqual(12 + 300 + 1);
    expect(world.dials.length).toBeGreaterThan(100);
  });

  test('peers of one neighbourhood are not all of what is kept up', async () => {
    const kept = new Kept();
    for (let n = 1; n <= 6; n++) {
      const address = `tcp://90.1.1.${n}:7001`;
      kept.peers.set(address, storedPeer(n, { address, score: 10 }));
    }
    for (let n = 11; n <= 13; n++) kept.peers.set(addressOf(n), storedPeer(n));
    world = await PexWorld.start({ outbound: 4 }, { kept });
    for (const { address, nodeKey } of kept.peers.values()) world.node(address, nodeKey);
    await world.clock.advance(10 * MINUTE);
    const nets = [...world.sessions.keys()].map((address) => address.split('.').slice(0, 3).join('.'));
    expect(nets).toHaveLength(4);
    expect(new Set(nets).size).toBe(4);
  });

  test('a connection that ended is made again after a while, or another in its place', async () => {
    const kept = new Kept();
    kept.peers.set(addressOf(1), storedPeer(1));
    world = await PexWorld.start({ outbound: 1 }, { kept });
    world.node(addressOf(1), keyOf(1));
    await world.clock.advance(5_000);
    world.hangUp(addressOf(1));
    await world.clock.advance(15_000);
    expect(world.dials).toHaveLength(1);
    await world.clock.advance(30_000);
    expect(world.sessions.size).toBe(1);
  });
});

describe('asking', () => {
  test('after a handshake, then often enough to keep the connection, and told where this node is', async () => {
    world = await PexWorld.start({ bootstrap: [addressOf(0)], outbound: 1 });
    const node = world.node(addressOf(0), keyOf(0));
    await world.clock.advance(60 * MINUTE);
    const gaps = world.asked.slice(1).map(({ at }, i) => at - world.asked[i]!.at);
    expect(world.asked[0]!.at - world.dials[0]!.at).toBeLessThan(20_000);
    // A new acquaintance a few times sooner.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10_000);
    expect(Math.min(...gaps.slice(4))).toBeGreaterThanOrEqual(75_000);
    expect(Math.max(...gaps)).toBeLessThan(119_000);
    expect(new Set(gaps).size).toBeGreaterThan(5);
    expect(node.offered[0]).toEqual([peerAddr(OWN_ADDRESS, OWN_KEY)]);
  });

  test('an own address is told where it means anything', () => {
    expect(meansAnything('tcp://80.1.2.3:7001', 'tcp://127.0.0.1:7001')).toBe(true);
    expect(meansAnything('tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7002')).toBe(true);
    expect(meansAnything('tcp://10.0.0.1:7001', 'tcp://192.168.0.9:7001')).toBe(true);
    expect(meansAnything('tcp://10.0.0.1:7001', 'tcp://80.1.2.3:7001')).toBe(false);
    expect(meansAnything('tcp://127.0.0.1:7001', 'tcp://10.0.0.1:7001')).toBe(false);
  });

  test('questions have a budget', async () => {
    world = await PexWorld.start({ outbound: 64 });
    for (let n = 0; n < 500; n++) {
      world.node(addressOf(n), keyOf(n));
      world.sessions.set(addressOf(n), { address: addressOf(n), nodeKey: keyOf(n), since: NOW });
    }
    await world.clock.advance(10 * MINUTE);
    expect(world.asked.length).toBeLessThanOrEqual(10 + 300);
    expect(world.asked.length).toBeGreaterThan(60);
  });

  test.each([
    ['what is no answer', new Uint8Array([0xff, 0x00])],
    ['more than there may be', new Uint8Array(17_000)],
    ['nothing', new Uint8Array(0)],
  ])('%s is the peer’s own trouble', async (_, answer) => {
    world = await PexWorld.start({ bootstrap: [addressOf(0)], outbound: 1 });
    world.node(addressOf(0), keyOf(0), { answer });
    await world.clock.advance(5 * MINUTE);
    expect(world.asked.length).toBeGreaterThan(1);
    expect(await world.rows()).toHaveLength(1);
  });
});

describe('what peers tell of', () => {
  test('is hearsay, handed out to nobody, until it answered', async () => {
    world = await PexWorld.start({ outbound: 0 });
    await world.offer(keyOf(9), [peerAddr(addressOf(1), keyOf(1)), peerAddr(addressOf(2))]);
    expect((await world.rows()).map(({ state, address, source }) => [state, address, source])).toEqual([
      ['hearsay', addressOf(1), keyOf(9)],
      ['hearsay', addressOf(2), keyOf(9)],
    ]);
    expect(hostAndPort(await world.answer())).toEqual([OWN_ADDRESS]);
    world.handlers.met({
      nodeKey: keyOf(1),
      nodeId: '',
      address: addressOf(1),
      dialable: true,
      direction: 'out',
      native: true,
      dialect: '2/8',
      capabilities: [],
    });
    await world.clock.advance(11_000);
    expect(hostAndPort(await world.answer())).toEqual([OWN_ADDRESS, addressOf(1)]);
    expect((await world.rows())[0]).toMatchObject({ state: 'answered', source: keyOf(9) });
  });

  test('at a QUIC address is handed out as it answered, over QUIC or over TCP beside it', async () => {
    world = await PexWorld.start({ outbound: 3 });
    world.node('quic://60.1.1.1:7000', keyOf(1));
    world.node('tcp://60.2.2.2:9001', keyOf(2));
    const told = [peerAddr('quic://60.1.1.1:7000', keyOf(1)), peerAddr('quic://60.2.2.2:9000', keyOf(2))];
    await world.offer(keyOf(9), told);
    await world.clock.advance(30_000);
    const rows = (await world.rows()).map(({ state, address, source }) => [state, address, source]);
    expect(rows.sort()).toEqual([
      ['answered', 'quic://60.1.1.1:7000', keyOf(9)],
      ['answered', 'tcp://60.2.2.2:9001', keyOf(9)],
    ]);
    expect(hostAndPort(await world.answer())).toEqual(
      expect.arrayContaining(['quic://60.1.1.1:7000', 'tcp://60.2.2.2:9001']),
    );
  });

  test('the DHT learns where a peer says that it is itself, not what it says of others', async () => {
    world = await PexWorld.start({ outbound: 0 });
    await world.offer(keyOf(9), [peerAddr(addressOf(1), keyOf(1)), peerAddr(addressOf(2))]);
    expect(world.toldDht).toEqual([]);
    await world.offer(keyOf(9), [peerAddr(addressOf(9), keyOf(9))]);
    expect(world.toldDht).toEqual([{ addresses: [`${addressOf(9)}@${keyOf(9)}`], from: keyOf(9) }]);
    await world.offer(keyOf(8), [peerAddr('tcp://127.0.0.1:7001', keyOf(8))]);
    expect(world.toldDht).toHaveLength(1);
  });

  test('is refused where it may not be dialled: private, loopback, low ports, our own, banned, behind a relay', async () => {
    world = await PexWorld.start({ outbound: 0 });
    world.ban(['66.0.0.0/8', keyOf(3)]);
    await world.clock.advance(0);
    const relayed = {
      ...peerAddr(addressOf(4)),
      relayVia: { relayAddr: peerAddr(addressOf(5)), slotId: 1n },
    };
    await world.offer(keyOf(9), [
      ...['10.0.0.1:7001', '127.0.0.1:7001', '8.8.8.8:53', '224.0.0.1:7001'].map((text) =>
        peerAddr(`tcp://${text}`),
      ),
      peerAddr(OWN_ADDRESS),
      peerAddr(addressOf(2), OWN_KEY),
      peerAddr(addressOf(3), keyOf(3)),
      peerAddr('tcp://66.1.2.3:7001'),
      relayed,
    ]);
    expect(await world.rows()).toEqual([]);
    expect(world.metrics.get('addresses_refused')).toBe(8);
  });

  test('a flood of it is bounded, and what it costs too', async () => {
    world = await PexWorld.start({ outbound: 0 });
    for (let n = 0; n < 200; n++) {
      const peers = Array.from({ length: 64 }, (_, i) => peerAddr(addressOf(n * 64 + i)));
      await world.offer(keyOf(9), peers);
    }
    expect(await world.rows()).toHaveLength(64);
    for (let n = 0; n < 2_000; n++) await world.offer(keyOf(100 + n), [peerAddr(addressOf(n))]);
    expect((await world.rows()).length).toBeLessThanOrEqual(1_024);
  });

  test('who dialled us is not where it came from', async () => {
    world = await PexWorld.start({ outbound: 0 });
    const inbound = { nodeKey: keyOf(1), nodeId: '', address: addressOf(1, 51_234), dialable: false };
    world.handlers.met({ ...inbound, direction: 'in', native: true, dialect: '2/8', capabilities: [] });
    expect(await world.rows()).toEqual([]);
  });
});

describe('the table', () => {
  test('is written down in batches, and read again by the next life', async () => {
    world = await PexWorld.start({ outbound: 0 });
    const { kept } = world;
    for (let n = 0; n < 100; n++) {
      const at = { address: addressOf(n), nodeKey: keyOf(n), nodeId: '' };
      world.handlers.met({
        ...at,
        dialable: true,
        direction: 'out',
        native: false,
        dialect: '1/5',
        capabilities: ['dht'],
      });
    }
    await world.clock.advance(MINUTE);
    expect([kept.writes, kept.peers.size]).toEqual([1, 100]);
    world.handlers.lost({ address: addressOf(5), nodeKey: null, reason: 'E_PEER_SILENT' });
    await world.stop();
    expect([kept.writes, kept.peers.get(addressOf(5))!.failures]).toEqual([2, 1]);
    world = await PexWorld.start({ outbound: 0 }, { kept, clock: world.clock });
    expect(await world.rows()).toHaveLength(100);
    const [own, ...others] = hostAndPort(await world.answer(255, keyOf(77), DIALECT_1));
    expect([own, others.length]).toEqual([OWN_ADDRESS, 63]);
    expect(hostAndPort(await world.answer(255))).toEqual([OWN_ADDRESS]);
  });

  test('a store that is down loses nothing', async () => {
    world = await PexWorld.start({ outbound: 0 });
    world.handlers.met({
      address: addressOf(1),
      nodeKey: keyOf(1),
      nodeId: '',
      dialable: true,
      direction: 'out',
      native: true,
      dialect: '2/8',
      capabilities: [],
    });
    world.kept.down = true;
    await world.clock.advance(MINUTE);
    world.kept.down = false;
    await world.clock.advance(MINUTE);
    expect(world.kept.peers.size).toBe(1);
  });

  test('another key at a known address: the one that was there is forgotten', async () => {
    const kept = new Kept();
    kept.peers.set(addressOf(1), storedPeer(1));
    world = await PexWorld.start({ outbound: 2 }, { kept });
    world.node(addressOf(1), keyOf(2));
    await world.clock.advance(MINUTE);
    expect(await world.rows()).toEqual([]);
    await world.clock.advance(MINUTE);
    expect(kept.peers.size).toBe(0);
  });
});

describe('whom to ask', () => {
  test('the bootstrap list, then the best of those that answered', async () => {
    const kept = new Kept();
    for (let n = 1; n <= 5; n++) kept.peers.set(addressOf(n), storedPeer(n, { score: n }));
    kept.peers.set(addressOf(6), storedPeer(6, { failures: 1, score: 9 }));
    kept.peers.set(addressOf(7), storedPeer(7, { seenAt: NOW - 100_000, score: 9 }));
    world = await PexWorld.start({ outbound: 0, bootstrap: [`${addressOf(0)}@${keyOf(0)}`] }, { kept });
    const best = (n: number) => `${addressOf(n)}@${keyOf(n)}`;
    expect(await world.handlers.sources({ limit: 4 }, world.call)).toEqual([
      best(0),
      best(5),
      best(4),
      best(3),
    ]);
    expect(await world.handlers.sources({ limit: 1 }, world.call)).toEqual([best(0)]);
  });
});
