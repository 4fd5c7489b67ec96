// The receiving process of the download-path spike: one thread owns the sockets; how it verifies and writes is the plan's mode.
import fs from 'node:fs';
import tls from 'node:tls';
import { blake3 } from '@napi-rs/blake-hash';
import { CHUNK, PREAMBLE, type ReceivePlan, startCounting } from './chunk-frame.ts';
import { copying, inPlace, type Sink } from './chunk-sink.ts';
import { openSlab } from './chunk-slab.ts';

process.once('message', (message) => {
  const { plan, port } = message as { plan: ReceivePlan; port: number };
  run(plan, port);
});

function run(plan: ReceivePlan, port: number): void {
  const chunks = plan.size / CHUNK;
  const discards = plan.mode === 'pump' || plan.mode === 'data';
  const expected = discards ? Buffer.alloc(0) : fs.readFileSync(plan.hashes);
  const fd = discards ? -1 : fs.openSync(plan.out, 'r+');
  let stop = startCounting();
  let done = 0;
  const finish = (): void => {
    process.send?.({ used: stop(plan.size) });
  };
  const verify = (index: number, payload: Uint8Array): void => {
    if (!blake3(payload as Buffer).equals(expected.subarray(index * 32, index * 32 + 32))) {
      throw new Error(`chunk ${index} is damaged`);
    }
    fs.writeSync(fd, payload, 0, CHUNK, index * CHUNK);
    done += 1;
    if (done === chunks) finish();
  };
  const slab = plan.mode.startsWith('a-') ? openSlab(plan, finish) : undefined;

  let discarded = 0;
  const total = plan.size + (plan.preamble === 0 ? 0 : chunks * PREAMBLE);
  const discard = (count: number): boolean => {
    discarded += count;
    if (discarded === total) finish();
    return true;
  };

  const sinkFor = (socket: () => tls.TLSSocket): Sink => {
    if (slab) return slab.sink(socket);
    return inPlace(plan, verify);
  };

  const sockets: tls.TLSSocket[] = [];
  const ready = (socket: tls.TLSSocket): void => {
    sockets.push(socket);
    if (sockets.length < plan.connections) return;
    stop = startCounting();
    for (const [i, each] of sockets.entries()) each.write(Uint8Array.of(i));
  };
  const identity = { minVersion: 'TLSv1.3', key: plan.key, cert: plan.cert } as const;

  if (plan.mode === 'accept') {
    const server = tls.createServer(identity, (socket) => {
      const take = copying(sinkFor(() => socket));
      socket.on('data', (bytes) => take(bytes.length, bytes));
      ready(socket);
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
    });
    return;
  }
  const dial = (): void => {
    for (let i = 0; i < plan.connections; i += 1) {
      const onread = onreadFor(plan, () => socket, sinkFor, discard);
      const socket: tls.TLSSocket = tls.connect({
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        ...(plan.mutual ? identity : {}),
        ...(onread ? { onread } : {}),
      });
      if (plan.mode === 'data') socket.on('data', (bytes) => discard(bytes.length));
      socket.once('secureConnect', () => ready(socket));
    }
  };
  if (slab) void slab.started.then(dial);
  else dial();
}

function onreadFor(
  plan: ReceivePlan,
  socket: () => tls.TLSSocket,
  sinkFor: (socket: () => tls.TLSSocket) => Sink,
  discard: (count: number) => boolean,
): { buffer: Uint8Array | (() => Uint8Array); callback: Sink['received'] } | undefined {
  if (plan.mode === 'data') return undefined;
  const recycled = (): Buffer => Buffer.allocUnsafeSlow(plan.readBuffer);
  if (plan.mode === 'pump') return { buffer: recycled(), callback: discard };
  const sink = sinkFor(socket);
  if (plan.mode === 'b1') return { buffer: recycled(), callback: copying(sink) };
  return { buffer: sink.place, callback: sink.received };
}
