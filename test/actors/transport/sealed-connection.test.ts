import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { acceptConnection } from '../../../src/actors/transport/accept-connection.ts';
import type { Connection } from '../../../src/actors/transport/connection.ts';
import { CipherState } from '../../../src/protocol/sealed/cipher-state.ts';
import { MAX_RECORD } from '../../../src/protocol/sealed/sealed-records.ts';
import { MAX_FRAME } from '../../../src/protocol/wire/limits.ts';
import { connectionHost } from './connection-host.ts';

const CHUNK = 262_144;
const FRAMES = 12;
const RECORDS = FRAMES * Math.ceil((CHUNK + 4) / MAX_RECORD);
const connections: Connection[] = [];
let close: () => void;

beforeEach(async () => {
  const host = connectionHost();
  const add = (socket: Socket) => connections.push(acceptConnection(host, 'quic', socket, 'them'));
  const server = createServer(add);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialled = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(dialled, 'connect');
  add(dialled);
  await vi.waitUntil(() => connections.length === 2);
  close = () => {
    for (const connection of connections.splice(0)) connection.destroy();
    server.close();
  };
  const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  for (const [index, connection] of connections.entries()) {
    const [send, receive] = index === 0 ? [one, other] : [other, one];
    connection.seal({
      send: new CipherState(send),
      receive: new CipherState(receive),
      hash: one,
      peerStatic: one,
    });
    connection.assembler.limit = MAX_FRAME;
  }
});
afterEach(() => close());

test.each([false, true])(
  'what is sealed and opened is not left to the garbage collector; chunks expected: %s',
  async (bulk) => {
    const [from, to] = connections as [Connection, Connection];
    to.bulk = bulk;
    const freed = vi.spyOn(ArrayBuffer.prototype, 'transfer');
    const got: number[] = [];
    const sent: number[] = [];
    to.reader = {
      frame: (frame) => {
        expect(frame.length).toBe(CHUNK + 4);
        expect(frame.subarray(4).every((octet) => octet === got.length)).toBe(true);
        got.push(frame[4]!);
      },
      closed: () => {},
    };
    for (let nth = 0; nth < FRAMES; nth++) {
      const frame = Buffer.alloc(CHUNK + 4, nth);
      frame.writeUInt32BE(CHUNK);
      from.write(frame, () => sent.push(nth));
    }
    await vi.waitUntil(() => got.length === FRAMES && sent.length === FRAMES, { timeout: 10_000 });
    expect(got).toEqual(Array.from({ length: FRAMES }, (_, nth) => nth));
    // Records and their tags where they are sealed, what is in them where they are opened.
    const long = freed.mock.contexts.length;
    expect(long).toBe(RECORDS * 3);
    freed.mockRestore();
  },
);
