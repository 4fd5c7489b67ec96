// The sending process of the download-path spike: told its plan over IPC, answers `{ port }`, then what it used.
import fs from 'node:fs';
import tls from 'node:tls';
import { CHUNK, PREAMBLE, type SendPlan, startCounting } from './chunk-frame.ts';

process.once('message', (message) => run(message as SendPlan));

function run(plan: SendPlan): void {
  const fd = fs.openSync(plan.file, 'r');
  const started: { socket: tls.TLSSocket; first: number }[] = [];
  const begin = (): void => {
    const stop = startCounting();
    let open = plan.connections;
    for (const { socket, first } of started) {
      sendAll(plan, fd, socket, first, () => {
        open -= 1;
        if (open === 0) process.send?.({ used: stop(plan.size) });
      });
    }
  };
  const accept = (socket: tls.TLSSocket): void => {
    socket.setNoDelay(plan.noDelay);
    socket.on('error', (error) => {
      if (started.length < plan.connections) throw error;
    });
    // The receiver says with its first byte which share of the chunks this connection carries.
    socket.once('data', (hello) => {
      started.push({ socket, first: hello[0] ?? 0 });
      if (started.length === plan.connections) begin();
    });
  };
  const identity = { key: plan.key, cert: plan.cert, minVersion: 'TLSv1.3', ciphers: plan.ciphers } as const;
  if (plan.dial > 0) {
    for (let i = 0; i < plan.connections; i += 1) {
      accept(tls.connect({ ...identity, host: '127.0.0.1', port: plan.dial, rejectUnauthorized: false }));
    }
    return;
  }
  const server = tls.createServer(
    {
      ...identity,
      requestCert: plan.mutual,
      rejectUnauthorized: false,
      ...(plan.highWaterMark > 0 ? { highWaterMark: plan.highWaterMark } : {}),
    },
    accept,
  );
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
  });
}

function sendAll(plan: SendPlan, fd: number, socket: tls.TLSSocket, first: number, done: () => void): void {
  if (plan.reader === 'pipe') {
    const { size } = plan;
    const span = {
      start: (size / plan.connections) * first,
      end: (size / plan.connections) * (first + 1) - 1,
    };
    fs.createReadStream(plan.file, span).pipe(socket).on('finish', done);
    return;
  }
  const free = Array.from({ length: plan.ring }, () => Buffer.allocUnsafeSlow(plan.payloadAt + CHUNK));
  const chunks = plan.size / CHUNK;
  let next = first;
  let reading = false;

  const write = (buffer: Buffer<ArrayBuffer>, index: number): void => {
    const from = plan.payloadAt - PREAMBLE;
    const recycle = (): void => {
      free.push(buffer);
      if (free.length === plan.ring && next >= chunks) done();
      else fill();
    };
    buffer.writeUInt32BE(index, from);
    const head = buffer.subarray(from, plan.payloadAt);
    const payload = buffer.subarray(plan.payloadAt);
    if (plan.preamble === 'one') socket.write(buffer.subarray(from), recycle);
    else if (plan.preamble === 'none') socket.write(payload, recycle);
    else {
      if (plan.preamble === 'cork') socket.cork();
      socket.write(head);
      socket.write(payload, recycle);
      if (plan.preamble === 'cork') socket.uncork();
    }
  };

  const fill = (): void => {
    while (next < chunks && free.length > 0 && !reading) {
      const buffer = free.pop() as Buffer<ArrayBuffer>;
      const index = next;
      next += plan.connections;
      if (plan.reader === 'ring') {
        fs.readSync(fd, buffer, plan.payloadAt, CHUNK, index * CHUNK);
        write(buffer, index);
      } else {
        reading = true;
        fs.read(fd, buffer, plan.payloadAt, CHUNK, index * CHUNK, (error) => {
          if (error) throw error;
          reading = false;
          write(buffer, index);
          fill();
        });
      }
    }
  };
  fill();
}
