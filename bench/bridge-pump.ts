// The limit beside a transfer over QUIC: the same bytes through two bridges and nothing else. Roles by argument; each starts
// a bridge of its own and prints one line {"port"}, {"seconds"} or {"handshakes_per_second"}.
//   bridge-pump.ts send FILE
//   bridge-pump.ts receive PORT SIZE
//   bridge-pump.ts handshakes PORT COUNT
import { fstatSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeKeeper } from '../src/actors/quic/bridge-keeper.ts';
import { BridgeProcess } from '../src/actors/quic/bridge-process.ts';
import { engineArguments, engineEnvironment } from '../src/actors/quic/engine.ts';
import { encodeDialRequest, PreambleReader } from '../src/bridge-link/preamble.ts';
import { selfSigned } from '../src/protocol/crypto/self-signed.ts';
import { findEngine } from '../src/quic-engine.ts';
import { systemClock } from '../src/supervisor/contract/clock.ts';
import { createLog } from '../src/supervisor/observe/log.ts';

const CHUNK = 262_144;
const UNLIMITED = 1_000_000;
const AT_ONCE = 8;
const [role = '', first = '', second = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const folder = await mkdtemp(join(tmpdir(), 'gb-'));
const { key, cert: certificate } = selfSigned('p256');
const program = {
  binary: findEngine().binary!,
  arguments: engineArguments(folder),
  environment: engineEnvironment(folder),
};
const keeper = new BridgeKeeper(
  {
    clock: systemClock,
    log: createLog('warn', {}),
    spawn: (events) => new BridgeProcess(program, events),
    command: (life) => ({
      ...{ key, certificate, dial: join(folder, `d${life}`), congestion: 'cubic' as const },
      limits: {
        ...{ maxPending: UNLIMITED, maxPendingPerAddress: UNLIMITED, maxPerSecond: UNLIMITED },
        ...{ maxPerSecondPerNet: UNLIMITED, maxStreams: UNLIMITED, pendingMs: 10_000 },
      },
    }),
    counted: () => {},
    restarted: () => {},
  },
  [{ host: '127.0.0.1', port: 0 }],
);
const path = await keeper.up();

/** A stream that is open, after its preamble. */
function dial(port: number): Promise<Socket> {
  const socket = connect(path);
  socket.write(encodeDialRequest({ host: '127.0.0.1', port, ms: 10_000, congestion: 'cubic' }));
  socket.write('x');
  const reader = new PreambleReader();
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('readable', function more() {
      while (reader.missing > 0 && socket.readableLength > 0) {
        if (reader.add(socket.read(Math.min(reader.missing, socket.readableLength)) as Buffer) === null)
          continue;
        socket.off('readable', more);
        resolve(socket);
      }
    });
  });
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
      socket.write(slot.subarray(0, length), () => {
        ring.push(slot);
        fill();
      });
    }
  };
  fill();
}

if (role === 'send') {
  const file = openSync(first, 'r');
  const shard = join(folder, 's0');
  createServer((socket) => {
    socket.on('error', () => {});
    // What comes is the preamble and an octet; who sent them does not matter here.
    socket.once('data', () => pumpTo(socket, file));
  }).listen(shard, () => {
    keeper.useShards([shard]);
    say({ port: keeper.bound[0]!.port });
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
  await keeper.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}
