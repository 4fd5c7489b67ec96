// The limit beside a transfer over QUIC: the same bytes through two bridges and nothing else. Roles by argument; each starts
// a bridge of its own and prints one line {"port"}, {"seconds"} or {"handshakes_per_second"}.
//   bridge-pump.ts send FILE
//   bridge-pump.ts receive PORT SIZE
//   bridge-pump.ts handshakes PORT COUNT
import { fstatSync, openSync, readSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { LoneBridge } from '../src/actors/quic/lone-bridge.ts';

const CHUNK = 262_144;
const DIAL_MS = 10_000;
const AT_ONCE = 8;
const [role = '', first = '', second = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const bridge = await LoneBridge.start([{ host: '127.0.0.1', port: 0 }]);

/** A stream on which an octet was said: before that the other side does not see it. */
async function dial(port: number): Promise<Socket> {
  const socket = await bridge.dial('127.0.0.1', port, DIAL_MS);
  socket.write('x');
  return socket;
}

function pumpTo(socket: Socket, file: number): void {
  const { size } = fstatSync(file);
  const ring = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(CHUNK));
  let at = 0;
  const fill = () => {
    for (let buffer = ring.pop(); buffer; buffer = ring.pop()) {
      const length = at < size ? readSync(file, buffer, 0, CHUNK, at) : 0;
      if (length === 0) return;
      at += length;
      const slot = buffer;
      socket.write(slot.subarray(0, length), (error) => {
        // Whoever came for a handshake alone is gone: the rest of the file would be read for nobody.
        if (error) return;
        ring.push(slot);
        fill();
      });
    }
  };
  fill();
}

if (role === 'send') {
  const file = openSync(first, 'r');
  const shard = join(bridge.folder, 's0');
  createServer((socket) => {
    socket.on('error', () => {});
    // What comes is the preamble and an octet; who sent them does not matter here.
    socket.once('data', () => pumpTo(socket, file));
  }).listen(shard, () => {
    bridge.accept(shard);
    say({ port: bridge.bound[0]!.port });
  });
} else if (role === 'receive') {
  const from = performance.now();
  const socket = await dial(Number(first));
  let got = 0;
  socket.on('data', (piece: Buffer) => {
    got += piece.length;
    if (got >= Number(second)) void end({ seconds: (performance.now() - from) / 1000 });
  });
} else {
  const from = performance.now();
  let left = Number(second);
  const run = async () => {
    while (left-- > 0) (await dial(Number(first))).destroy();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  await end({ handshakes_per_second: Number(second) / ((performance.now() - from) / 1000) });
}

process.once('SIGTERM', () => void leave());

async function end(figures: object): Promise<void> {
  say(figures);
  await leave();
}

async function leave(): Promise<void> {
  await bridge.stop();
  process.exit(0);
}
