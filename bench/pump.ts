// The limit beside `transfer` and `serve`: a bare TLS 1.3 pump between two processes, nothing of src/ in it. Each prints {"seconds","cpu"} at its end.
//   pump.ts send FILE KEY CERT          readSync into a ring of recycled buffers; prints {"port"} first
//   pump.ts receive PORT SIZE [OUT]     discards; with OUT hashes (BLAKE3) each 256 KiB and writes it
import { fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import tls from 'node:tls';
import { blake3 } from '@napi-rs/blake-hash';

const CHUNK = 262_144;
const [role, first = '', second = '', third = ''] = process.argv.slice(2);
const slot = () => Buffer.allocUnsafeSlow(CHUNK + 64).subarray(64);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
let [began, cpu] = [performance.now(), process.cpuUsage()];
const begin = () => ([began, cpu] = [performance.now(), process.cpuUsage()]);
const end = () => {
  const { user, system } = process.cpuUsage(cpu);
  say({ seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 });
};

function send(): void {
  const [file, ring, identity] = [openSync(first, 'r'), [slot(), slot(), slot(), slot()], [second, third]];
  const [key, cert] = identity.map((path) => readFileSync(path)) as [Buffer, Buffer];
  const server = tls.createServer({ key, cert, minVersion: 'TLSv1.3' }, (socket) => {
    socket.setNoDelay(true).on('error', () => socket.destroy());
    begin();
    let [at, size] = [0, fstatSync(file).size];
    const fill = (_free?: number) => {
      for (let buffer = ring.pop(); buffer; buffer = ring.pop()) {
        const length = at < size ? readSync(file, buffer, 0, CHUNK, at) : 0;
        if (length === 0) return void (ring.push(buffer) === 4 && end());
        at += length;
        const sent = buffer;
        socket.write(buffer.subarray(0, length), () => fill(ring.push(sent)));
      }
    };
    fill();
  });
  server.listen(0, '127.0.0.1', () => say({ port: (server.address() as { port: number }).port }));
}

function receive(): void {
  const [out, chunk, size] = [third ? openSync(third, 'w') : null, slot(), Number(second)];
  let [filled, got] = [0, 0];
  const callback = (count: number, bytes: Uint8Array) => {
    for (let at = 0, part = 0; out !== null && at < count; at += part, filled %= CHUNK) {
      part = Math.min(count - at, CHUNK - filled);
      (bytes as Buffer).copy(chunk, filled, at, at + part);
      filled += part;
      if (filled < CHUNK && got + at + part < size) continue;
      blake3(chunk.subarray(0, filled));
      writeSync(out, chunk, 0, filled);
    }
    got += count;
    if (got === size) socket.destroy();
    return true;
  };
  const onread = { buffer: Buffer.allocUnsafeSlow(65_536), callback };
  const options = { host: '127.0.0.1', port: Number(first), rejectUnauthorized: false, onread };
  const socket = tls.connect(options as tls.ConnectionOptions, begin).once('close', end);
}
role === 'send' ? send() : receive();
