import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../supervisor/two-actors.ts';
import { LIMITS, readAll, TestBridge } from './test-bridge.ts';

// Two real processes, and streams by hand on both sides: what the bridge promises whoever it works for.
const bridges: TestBridge[] = [];
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()));
});
async function start(...options: Parameters<typeof TestBridge.start>): Promise<TestBridge> {
  const bridge = await TestBridge.start(...options);
  bridges.push(bridge);
  return bridge;
}

/** Who has accepted streams, in their order. */
async function accepted(bridge: TestBridge): Promise<Socket[]> {
  const streams: Socket[] = [];
  await bridge.serve((socket) => streams.push(socket));
  return streams;
}

test('a stream both ways: who is there is told, ends are passed on one by one, and nothing is lost', async () => {
  const [us, them] = [await start(), await start()];
  let from = '';
  const asked = new Promise<Buffer>((resolve) => {
    void them.serve((socket, { remote, alpn, role }) => {
      from = `${role} ${remote} ${alpn}`;
      // The answer begins when the question has ended.
      void readAll(socket).then((question) => {
        socket.end(Buffer.alloc(3_000_000, 7));
        resolve(question);
      });
    });
  });
  const { socket, opening } = await us.dial(them.port, Buffer.from('first, '));
  expect(opening).toEqual({ role: 'dialled', remote: `127.0.0.1:${them.port}`, alpn: null });
  socket.end(Buffer.alloc(2_000_000, 1));
  const answer = await readAll(socket);
  expect((await asked).length).toBe(2_000_007);
  expect(answer.equals(Buffer.alloc(3_000_000, 7))).toBe(true);
  // One port for both directions.
  expect(from).toBe(`accepted 127.0.0.1:${us.port} null`);
});

test('nobody there: the dial fails with a reason, in its time; a shard that is gone is passed over', async () => {
  const [us, them] = [await start(null), await start()];
  const dead = createSocket('udp4');
  dead.bind(0, '127.0.0.1');
  await once(dead, 'listening');
  const { opening } = await us.dial(dead.address().port);
  expect(opening).toMatchObject({ role: 'failed', reason: expect.stringMatching(/./) });
  dead.close();
  const streams = await accepted(them);
  them.keeper.useShards([`${them.folder}/nobody`, ...(await shardsOf(them))]);
  for (let i = 0; i < 3; i++) await us.dial(them.port, Buffer.from('x'));
  await until(() => streams.length === 3);
});

test('a reader that rests holds the writer back; a cut on one side is the end of the other', async () => {
  const [us, them] = [await start(null), await start()];
  const streams = await accepted(them);
  const { socket } = await us.dial(them.port, Buffer.from('x'));
  await until(() => streams.length === 1);
  let taken = 0;
  const piece = Buffer.alloc(262_144);
  const feed = () => {
    while (taken < 256 * piece.length && socket.write(piece, () => {})) taken += piece.length;
  };
  socket.on('drain', feed);
  feed();
  let before = -1;
  await until(async () => {
    if (before === socket.bytesWritten) return true;
    before = socket.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return false;
  });
  // The window of a stream, the two processes' buffers, and no more.
  expect(taken).toBeLessThan(16 * 2 ** 20);
  const cut = new Promise((resolve) => socket.once('close', resolve));
  streams[0]!.destroy();
  socket.resume();
  await cut;
});

test('a killed bridge: its sockets close at once, and it is back on its port', async () => {
  const [us, them] = [await start(null), await start()];
  const streams = await accepted(them);
  const { socket } = await us.dial(them.port, Buffer.from('x'));
  await until(() => streams.length === 1);
  const { port } = them;
  const closed = once(streams[0]!.resume(), 'end');
  const from = performance.now();
  them.kill();
  await closed;
  expect(performance.now() - from).toBeLessThan(2_000);
  await until(() => them.keeper.status().state === 'up' && them.keeper.status().restarts === 1);
  expect(them.port).toBe(port);
  const again = await us.dial(port, Buffer.from('y'));
  expect(again.opening.role).toBe('dialled');
  await until(() => streams.length === 2);
  socket.destroy();
});

test('connections that say nothing are bounded by their address; datagrams that are none of QUIC are nothing', async () => {
  const them = await start('127.0.0.1', { ...LIMITS, maxPending: 64, pendingMs: 2_000 });
  // A neighbour of its own: another /24.
  const attacker = await start('127.9.9.9');
  const honest = await start(null);
  const streams = await accepted(them);
  const noise = createSocket('udp4');
  for (let i = 0; i < 500; i++) noise.send(Buffer.alloc(1_200, i), them.port, '127.0.0.1');
  const silent = await Promise.all(Array.from({ length: 40 }, () => attacker.dial(them.port)));
  const shown = silent.filter(({ opening }) => opening.role === 'dialled');
  expect(shown.length).toBeGreaterThanOrEqual(8);
  // Meanwhile others come through.
  const from = performance.now();
  await honest.dial(them.port, Buffer.from('x'));
  await until(() => streams.length === 1);
  expect(performance.now() - from).toBeLessThan(4_000);
  // 8 are borne until their time is over, 32 were refused.
  await until(() => (them.counts?.refused ?? 0) >= 32);
  for (const { socket } of silent) socket.resume();
  await until(() => (them.counts?.failed ?? 0) >= 8);
  expect(streams).toHaveLength(1);
  noise.close();
});

test('a flood of attempts is refused beyond its rate', async () => {
  const them = await start('127.0.0.1', { ...LIMITS, maxPerSecond: 5 });
  const us = await start(null);
  const streams = await accepted(them);
  const all = await Promise.all(Array.from({ length: 40 }, () => us.dial(them.port, Buffer.from('x'))));
  const through = all.filter(({ opening }) => opening.role === 'dialled').length;
  // Twice the rate at once, and what flows in meanwhile.
  expect(through).toBeGreaterThanOrEqual(8);
  expect(through).toBeLessThan(40);
  await until(() => streams.length >= 8);
});

test('the process knows nothing of the environment of the node', async () => {
  const bridge = await start(null);
  const { pid } = bridge.keeper.status();
  // Where a system shows it.
  const shown = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null);
  const names = shown?.split('\0').flatMap((line) => line.split('=')[0] || []);
  expect(names ?? ['DENO_DIR']).toContain('DENO_DIR');
  expect(names ?? []).not.toContain('HOME');
});

async function shardsOf(bridge: TestBridge): Promise<string[]> {
  return (await readdir(bridge.folder))
    .filter((name) => /^s\d/.test(name))
    .map((name) => `${bridge.folder}/${name}`);
}
