import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Listeners } from '../../../src/actors/acceptor/listeners.ts';

const accepted: Socket[] = [];
let listeners: Listeners;
afterEach(() => {
  listeners.close();
  for (const socket of accepted.splice(0)) socket.destroy();
});

async function open(addresses: string[]) {
  listeners = new Listeners((socket) => accepted.push(socket));
  return await listeners.open(addresses);
}

test('connections come unread, with what was sent before still to be read', async () => {
  const [address] = await open(['tcp://127.0.0.1:0']);
  const socket = connect(Number(new URL(address!).port), '127.0.0.1');
  socket.write('early');
  await once(socket, 'connect');
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(accepted[0]!.bytesRead).toBe(0);
  const [piece] = await once(accepted[0]!.resume(), 'data');
  expect(String(piece)).toBe('early');
  socket.destroy();
});

test('no listener at all is none', async () => {
  expect(await open([])).toEqual([]);
});

test('addresses of QUIC are for others', async () => {
  expect(await open(['quic://127.0.0.1:7000'])).toEqual([]);
});

test('wildcards of both families have a port each', async () => {
  const bound = await open(['tcp://0.0.0.0:0', 'tcp://[::]:0']);
  expect(bound.map((address) => address.replace(/\d+$/, ''))).toEqual(['tcp://0.0.0.0:', 'tcp://[::]:']);
  const port = Number(new URL(bound[0]!).port);
  listeners.close();
  // And may share one.
  expect(await open([`tcp://0.0.0.0:${port}`, `tcp://[::]:${port}`])).toHaveLength(2);
});

test.each([
  ['a name', 'tcp://localhost:7001'],
  ['another transport', 'udp://127.0.0.1:7000'],
  ['a key', `tcp://127.0.0.1:7001@${'00'.repeat(32)}`],
  ['no port', 'tcp://127.0.0.1'],
  ['a port that is none', 'tcp://127.0.0.1:70000'],
])('%s: E_CONFIG with the address', async (_, address) => {
  await expect(open(['tcp://127.0.0.1:0', address])).rejects.toMatchObject({
    code: 'E_CONFIG',
    subject: address,
  });
});

test('an address that is not of this host: E_LISTEN', async () => {
  await expect(open(['tcp://203.0.113.1:0'])).rejects.toMatchObject({
    code: 'E_LISTEN',
    subject: 'tcp://203.0.113.1:0',
  });
});
