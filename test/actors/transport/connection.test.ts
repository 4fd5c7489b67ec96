import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptConnection } from '../../../src/actors/transport/accept-connection.ts';
import type { Connection } from '../../../src/actors/transport/connection.ts';
import { connectionHost } from './connection-host.ts';

const CHUNK = 262_144;
let ours: Connection;
let theirs: TLSSocket;
let close: () => void;

beforeEach(async () => {
  const host = connectionHost();
  const server = createServer((socket) => {
    ours = acceptConnection(host, 'tcp', socket, 'them');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  theirs = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  theirs.on('error', () => {});
  await once(theirs, 'secureConnect');
  close = () => {
    theirs.destroy();
    ours.destroy();
    server.close();
  };
});
afterEach(() => close());

test('the socket has one long write at a time, and short ones together; the order is that of the writes', async () => {
  const frames = Array.from({ length: 40 }, (_, index) => Buffer.alloc(index % 4 < 2 ? CHUNK : 100, index));
  let most = 0;
  const order: number[] = [];
  for (const [index, frame] of frames.entries())
    ours.write(frame, () => {
      order.push(index);
      most = Math.max(most, ours.socket.writableLength);
    });
  const got: Buffer[] = [];
  let length = 0;
  const whole = Buffer.concat(frames);
  for await (const piece of theirs) {
    got.push(piece);
    length += piece.length;
    if (length === whole.length) break;
  }
  expect(Buffer.concat(got).equals(whole)).toBe(true);
  expect(order).toEqual(frames.map((_, index) => index));
  expect(most).toBeLessThanOrEqual(CHUNK);
});

test('an end gives every buffer back, of writes with the socket and of those that wait', async () => {
  // Enough that the system takes no more of them from us.
  const back = new Set<number>();
  for (let index = 0; index < 100; index++) ours.write(Buffer.alloc(CHUNK), () => back.add(index));
  expect(back.size).toBeLessThan(100);
  const closed = once(ours.socket, 'close');
  ours.destroy();
  await closed;
  await expect.poll(() => back.size).toBe(100);
  // And so does a write that comes too late.
  ours.write(Buffer.alloc(1), () => back.add(100));
  await expect.poll(() => back.size).toBe(101);
});
