import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openDescriptors } from '../transport/open-descriptors.ts';
import { dialTcp, RawPeer, until } from '../transport/raw-peer.ts';
import { NetworkTree } from './network-tree.ts';

let tree: NetworkTree;
const open: { destroy(): void }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) each.destroy();
  await tree?.stop();
});

async function start(...options: Parameters<typeof NetworkTree.start>): Promise<string> {
  tree = await NetworkTree.start(...options);
  return (await tree.addresses()).bound[0]!;
}

async function session(address: string): Promise<RawPeer> {
  const peer = await RawPeer.session(address);
  open.push(peer);
  expect((await peer.ask(999, 1)).reqId).toBe(1);
  return peer;
}

async function silent(address: string): Promise<Socket> {
  const socket = await dialTcp(address);
  open.push(socket);
  return socket;
}

describe('connections', () => {
  test('are handed over unread, and a session results; its address is the peer’s', async () => {
    const address = await start();
    expect(await tree.addresses()).toEqual({ bound: [address], advertised: [address] });
    const peer = await session(address);
    expect(await tree.sessions(0)).toMatchObject([
      { address: `tcp://127.0.0.1:${peer.socket.localPort}`, direction: 'in' },
    ]);
    expect(tree.metric('acceptor', 'accepted')).toBe(1);
    await until(() => tree.metric('acceptor', 'pending') === 0, 'the handshake to be counted as over');
  });

  test('are spread over the shards', async () => {
    const address = await start({ shards: 2 });
    await Promise.all(Array.from({ length: 20 }, () => session(address)));
    const counts = (await Promise.all([tree.sessions(0), tree.sessions(1)])).map(({ length }) => length);
    expect(counts[0]! + counts[1]!).toBe(20);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(8);
  });

  test('sessions that have ended do not count: those that come next go where there are fewest', async () => {
    const address = await start({ shards: 2 });
    const peers = await Promise.all(Array.from({ length: 8 }, () => session(address)));
    await until(() => tree.metric('acceptor', 'known_sessions') === 8, 'the sessions to be known');
    const onFirst = new Set((await tree.sessions(0)).map((each) => each.address));
    for (const { socket } of peers) if (onFirst.has(`tcp://127.0.0.1:${socket.localPort}`)) socket.destroy();
    const kept = 8 - onFirst.size;
    await until(() => tree.metric('acceptor', 'known_sessions') === kept, 'their end to be known');
    await Promise.all(Array.from({ length: kept }, () => session(address)));
    expect((await tree.sessions(0)).length).toBe(kept);
  });

  test('come to several listeners, of IPv6 too; a wildcard of IPv6 shows IPv4 peers as such', async () => {
    await start({ acceptor: { listen: ['tcp://127.0.0.1:0', 'tcp://[::1]:0', 'tcp://[::]:0'] } });
    const { bound, advertised } = await tree.addresses();
    const ports = bound.map((each) => Number(new URL(each).port));
    expect(new Set(ports).size).toBe(3);
    expect(advertised.slice(0, 2)).toEqual(bound.slice(0, 2));
    for (const told of advertised.slice(2)) expect(told).toMatch(new RegExp(`:${ports[2]}$`));
    const peers = [
      await session(bound[0]!),
      await session(bound[1]!),
      await session(`tcp://127.0.0.1:${ports[2]}`),
      await session(`tcp://[::1]:${ports[2]}`),
    ];
    const hosts = ['127.0.0.1', '[::1]', '127.0.0.1', '[::1]'];
    expect((await tree.sessions(0)).map((each) => each.address)).toEqual(
      peers.map(({ socket }, i) => `tcp://${hosts[i]}:${socket.localPort}`),
    );
  });

  test('a port that is taken: E_LISTEN with the address, and the other listeners are closed', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const free = (other.address() as AddressInfo).port;
    other.close();
    await once(other, 'close');
    const listen = [`tcp://127.0.0.1:${free}`, `tcp://127.0.0.1:${port}`];
    await expect(NetworkTree.start({ acceptor: { listen } })).rejects.toMatchObject({
      code: 'E_LISTEN',
      subject: listen[1],
      message: expect.stringContaining('EADDRINUSE') as string,
    });
    taken.close();
    await expect(dialTcp(listen[0]!)).rejects.toThrow('ECONNREFUSED');
  });

  test('are accepted no more once the node stops, those at hand end', async () => {
    const address = await start();
    const peer = await session(address);
    await tree.stop();
    await peer.closed;
    await expect(dialTcp(address)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('budgets', () => {
  test('silent connections of one address keep no place beyond their number, and none for ever', async () => {
    const address = await start({
      acceptor: { maxPendingPerAddress: 3 },
      transport: { handshakeMs: 1_000 },
    });
    const first = await Promise.all([silent(address), silent(address), silent(address)]);
    await until(() => tree.metric('acceptor', 'pending') === 3, 'three pending');
    const refused = await silent(address);
    await once(refused, 'close');
    expect(tree.metric('acceptor', 'refused')).toBe(1);
    await Promise.all(first.map((socket) => socket.closed || once(socket, 'close')));
    await until(() => tree.metric('acceptor', 'pending') === 0, 'their places to be free');
    await session(address);
  });

  test('who comes faster than others may waits for its turn', async () => {
    const address = await start({ acceptor: { maxPerSecondPerNet: 4 } });
    // Eight may come at once, the others a quarter of a second after one another.
    for (let round = 0; round < 12; round++) await session(address);
    expect(tree.metric('acceptor', 'refused')).toBe(0);
    expect(tree.metric('acceptor', 'accepted')).toBe(12);
  });

  test('newcomers of whom nothing comes wait for one another, whether there was a session or not', async () => {
    // One at once; of this machine, only the pace of all counts.
    const address = await start({ acceptor: { maxNewPerSecond: 1 } });
    for (let left = 1; left <= 2; left++) {
      const peer = left === 1 ? await silent(address) : await RawPeer.session(address);
      await until(() => tree.metric('acceptor', 'accepted') === left, 'it to be taken');
      peer.destroy();
      await until(() => tree.metric('acceptor', 'pending') === 0, 'it to be gone');
    }
    const from = performance.now();
    await session(address);
    expect(performance.now() - from).toBeGreaterThan(500);
  });

  test('those that wait are closed when the listener stops', async () => {
    const address = await start({ acceptor: { maxPerSecondPerNet: 1 } });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => silent(address)));
    await until(() => tree.metric('acceptor', 'accepted') === 2, 'the first two');
    await tree.stop();
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  });

  test('so many a second, and no more than may wait', async () => {
    const address = await start({ acceptor: { maxPerSecondPerNet: 1 } });
    const sockets = await Promise.all(Array.from({ length: 10 }, () => silent(address)));
    await until(
      () => tree.metric('acceptor', 'accepted') + tree.metric('acceptor', 'refused') === 10,
      'all to be judged',
    );
    expect(tree.metric('acceptor', 'refused')).toBeGreaterThanOrEqual(4);
    expect(tree.metric('acceptor', 'accepted')).toBeGreaterThanOrEqual(2);
    await until(
      () => sockets.filter(({ closed }) => closed).length === tree.metric('acceptor', 'refused'),
      'the refused ones to be closed',
    );
  });
});

describe('what goes wrong', () => {
  test('a dead shard: every connection goes to the other, until it lives again', async () => {
    const address = await start({ shards: 2 });
    const before = await Promise.all(Array.from({ length: 4 }, () => session(address)));
    tree.script({ kind: 'crash', shard: 0 });
    await until(() => tree.state('transport/0') === 'starting', 'the death of a shard');
    // Its sessions end with it, those of the other go on.
    await until(() => before.filter(({ over }) => over).length === 2, 'its sessions to end');
    for (const peer of before) if (!peer.over) expect((await peer.ask(999, 2)).reqId).toBe(2);
    await Promise.all(Array.from({ length: 20 }, () => session(address)));
    expect(await tree.sessions(1)).toHaveLength(22);
    tree.script({ kind: 'release' });
    await until(() => tree.restarts.length === 1, 'the restart');
    await Promise.all(Array.from({ length: 10 }, () => session(address)));
    expect((await tree.sessions(0)).length).toBeGreaterThan(0);
    expect(tree.restarts).toEqual(['transport/0']);
  });

  test('no shard at all: connections are closed, and served again later', async () => {
    const address = await start();
    tree.script({ kind: 'crash', shard: 0 });
    await until(() => tree.state('transport/0') === 'starting', 'the death of the shard');
    const sockets = await Promise.all(Array.from({ length: 10 }, () => silent(address)));
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
    tree.script({ kind: 'release' });
    await until(() => tree.restarts.length === 1, 'the restart');
    // The acceptor lets a shard that failed rest for a moment.
    await until(() => tree.state('transport/0') === 'up', 'the shard');
    await new Promise((resolve) => setTimeout(resolve, 120));
    await session(address);
    await until(() => tree.metric('acceptor', 'pending') === 0, 'nothing to be pending');
  });

  test('2,000 connections that are reset, at any point, cost nothing that lasts', async () => {
    const address = await start({ shards: 2 });
    await session(address);
    const sockets = () => openDescriptors().filter((each) => each.startsWith('socket:')).length;
    const baseline = sockets();
    const ends: ((socket: Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.destroy(),
      (socket) => {
        socket.write(Buffer.from('16030101', 'hex'));
        socket.resetAndDestroy();
      },
      (socket) => {
        socket.write('no TLS at all');
        socket.end();
      },
    ];
    let closed = 0;
    for (let round = 0; round < 40; round++) {
      const dialled = await Promise.all(Array.from({ length: 50 }, () => dialTcp(address)));
      for (const [i, socket] of dialled.entries()) {
        socket.once('close', () => closed++);
        ends[(round + i) % ends.length]!(socket);
      }
    }
    await until(() => closed === 2_000, 'all to be closed');
    const judged = () => tree.metric('acceptor', 'accepted') + tree.metric('acceptor', 'refused');
    await until(() => judged() > 1_000 && tree.metric('acceptor', 'pending') === 0, 'all to be over');
    await until(() => sockets() <= baseline, 'the descriptors to be closed');
    await session(address);
    expect(tree.restarts).toEqual([]);
    expect(['acceptor', 'transport/0', 'transport/1'].map((name) => tree.state(name))).toEqual([
      'up',
      'up',
      'up',
    ]);
    expect(tree.metric('transport/0', 'sessions') + tree.metric('transport/1', 'sessions')).toBe(2);
  });
});
