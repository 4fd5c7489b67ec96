// What node:tls does with `onread`, observed: node bench/spikes/onread-behaviour.ts prints one JSON object.
import { once } from 'node:events';
import type net from 'node:net';
import { connect as connectPlain } from 'node:net';
import tls from 'node:tls';
import { selfSigned } from '../self-signed.ts';
import { FRAME } from './chunk-frame.ts';

type OnRead = net.OnReadOpts;

const identity = { ...selfSigned('ed25519'), minVersion: 'TLSv1.3' } as const;
const frame = Buffer.alloc(FRAME, 7);
let serve: (socket: tls.TLSSocket) => void = () => {};
const server = tls.createServer({ ...identity, requestCert: true, rejectUnauthorized: false }, (socket) => {
  socket.on('error', () => {});
  serve(socket);
});
// A TLS socket refuses resetAndDestroy() (ERR_INVALID_HANDLE_TYPE): a reset is made on the TCP socket below it.
let below: net.Socket | undefined;
server.on('connection', (socket: net.Socket) => {
  below = socket;
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as net.AddressInfo;

const dial = (onread: OnRead, more: tls.ConnectionOptions = {}): tls.TLSSocket => {
  // @types/node knows onread for net sockets only.
  const options: tls.ConnectionOptions & { onread: OnRead } = {
    ...{ host: '127.0.0.1', port, rejectUnauthorized: false, onread },
    ...more,
  };
  return tls.connect(options);
};

/** Polls until `met`; the answer says whether it was before the deadline. */
async function until(met: () => boolean, milliseconds = 1000): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!met() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  return met();
}

/** Counts how often each piece size came while 64 frames were received. */
async function pieces(buffer: () => Uint8Array): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  let total = 0;
  serve = (socket) => {
    for (let i = 0; i < 64; i += 1) socket.write(frame);
  };
  const socket = dial({
    buffer,
    callback(count) {
      sizes[count] = (sizes[count] ?? 0) + 1;
      total += count;
      return true;
    },
  });
  await until(() => total === 64 * FRAME);
  socket.destroy();
  return { ...sizes, total };
}

/** Most bytes that came after the socket was told to stop, over 40 connections; and whether resume() brought the rest. */
async function afterStop(how: 'pause' | 'false'): Promise<unknown> {
  const late: number[] = [];
  let resumed = 0;
  for (let i = 0; i < 40; i += 1) {
    serve = (socket) => {
      for (let sent = 0; sent < 16; sent += 1) socket.write(frame);
    };
    let total = 0;
    let stoppedAt = -1;
    const socket = dial({
      buffer: Buffer.allocUnsafeSlow(65536),
      callback(count) {
        total += count;
        if (stoppedAt >= 0 || total < (4 + (i % 8)) * 65536) return true;
        stoppedAt = total;
        if (how === 'false') return false;
        socket.pause();
        return true;
      },
    });
    await until(() => stoppedAt >= 0);
    await until(() => false, 30);
    late.push(total - stoppedAt);
    socket.resume();
    if (await until(() => total === 16 * FRAME)) resumed += 1;
    socket.destroy();
  }
  late.sort((a, b) => a - b);
  return { medianLate: late[20], mostLate: late.at(-1), resumed: `${resumed} of 40` };
}

/** The events a dialled socket with onread sees when the peer ends, resets, or ends while we are paused. */
async function ending(act: (peer: tls.TLSSocket) => void, paused: boolean): Promise<string[]> {
  const seen: string[] = [];
  let peer: tls.TLSSocket | undefined;
  serve = (socket) => {
    peer = socket;
    socket.write('x');
  };
  const socket = dial({
    buffer: Buffer.alloc(64),
    callback(count) {
      seen.push(`${count} bytes`);
      return true;
    },
  });
  socket.on('data', () => seen.push('data'));
  socket.on('end', () => seen.push('end'));
  socket.on('error', (error) => seen.push(`error ${(error as NodeJS.ErrnoException).code}`));
  socket.on('close', (failed) => seen.push(`close ${failed}`));
  await until(() => seen.length > 0 && peer !== undefined);
  if (paused) socket.pause();
  if (peer) act(peer);
  const closed = (): boolean => seen.some((event) => event.startsWith('close'));
  if (!(await until(closed, 300))) {
    seen.push('nothing for 300 ms');
    socket.resume();
    if (await until(closed, 300)) seen.push('(that was after resume)');
  }
  socket.destroy();
  return seen;
}

/** Pieces of 'data' events on an accepted socket, and the memory each one keeps alive. */
async function accepted(): Promise<unknown> {
  const sizes = new Set<number>();
  const kept = new Set<number>();
  let total = 0;
  let onreadCalls = 0;
  serve = (socket) => {
    socket.on('data', (bytes: Buffer) => {
      total += bytes.length;
      sizes.add(bytes.length);
      kept.add(bytes.buffer.byteLength);
    });
  };
  const socket = dial({
    buffer: Buffer.alloc(64),
    callback() {
      onreadCalls += 1;
      return true;
    },
  });
  for (let i = 0; i < 16; i += 1) socket.write(frame);
  await until(() => total === 16 * FRAME);
  socket.destroy();
  return { sizes: [...sizes], bytesKeptForEach: [...kept], onreadCalls };
}

/** onread beside a socket that exists already, a destroy inside the callback, and a buffer function without a buffer. */
async function oddities(): Promise<unknown> {
  let calls = 0;
  let data = 0;
  serve = (socket) => socket.write(frame);
  const raw = connectPlain(port, '127.0.0.1');
  const wrapped = dial({ buffer: Buffer.alloc(64), callback: () => ++calls > 0 }, { socket: raw });
  wrapped.on('data', (bytes) => {
    data += bytes.length;
  });
  await until(() => data + calls >= FRAME);
  wrapped.destroy();
  const callsWhenWrapped = calls;

  let afterDestroy = -1;
  const destroyed = dial({
    buffer: Buffer.alloc(1024),
    callback() {
      afterDestroy += 1;
      destroyed.destroy();
      return true;
    },
  });
  await until(() => afterDestroy >= 0);
  await until(() => false, 30);

  const first = new Uint8Array(1000);
  let asked = 0;
  let reused = 0;
  const stingy = dial({
    // Gives a buffer once and nothing after; the types ask for one each time.
    buffer: () => (asked++ === 0 ? first : (undefined as unknown as Uint8Array)),
    callback(_count, place) {
      if (place === first) reused += 1;
      return true;
    },
  });
  await until(() => reused > 200);
  stingy.destroy();
  const local = dial({ buffer: Buffer.alloc(4096), callback: () => ++calls > 0 }, { host: 'localhost' });
  await once(local, 'secureConnect');
  const { name } = local.getCipher();
  const calledByName = await until(() => calls > callsWhenWrapped);
  local.destroy();
  return {
    onreadOfWrappedSocket: { calls: callsWhenWrapped, dataBytesInstead: data },
    onreadWhenDialledByName: calledByName,
    callbacksAfterDestroy: afterDestroy,
    calledAgainWithTheOldBufferWhenNoneIsGiven: reused,
    cipher: name,
  };
}

const large = Buffer.allocUnsafeSlow(262144);
let turn = 0;
const report = {
  node: process.version,
  piecesInto256KiB: await pieces(() => large),
  piecesInto100and5000: await pieces(() => large.subarray(0, turn++ % 2 === 0 ? 100 : 5000)),
  sharedMemory: await pieces(() => new Uint8Array(new SharedArrayBuffer(65536))),
  afterPause: await afterStop('pause'),
  afterFalse: await afterStop('false'),
  peerEnds: await ending((peer) => peer.end(), false),
  peerResets: await ending(() => below?.resetAndDestroy(), false),
  peerEndsWhilePaused: await ending((peer) => peer.end(), true),
  peerResetsWhilePaused: await ending(() => below?.resetAndDestroy(), true),
  accepted: await accepted(),
  oddities: await oddities(),
};
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
server.close();
