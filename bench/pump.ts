// The limit beside `transfer` and `serve`: a bare TLS 1.3 pump of the same bytes between two processes, nothing of src/ in it.
// Roles by argument; each prints one line {"port"} or {"seconds","cpu"} when done.
//   pump.ts send FILE KEY CERT          fast form: readSync into a ring of recycled buffers
//   pump.ts receive PORT SIZE [OUT]     discards; with OUT hashes (BLAKE3) each 256 KiB and writes it
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { blake3 } from '@napi-rs/blake-hash';

const CHUNK = 262_144;
const [role, first = '', second = '', third = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const since = () => {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
  };
};

if (role === 'send') {
  const file = openSync(first, 'r');
  const { size } = fstatSync(file);
  const server = tls.createServer({
    key: readFileSync(second),
    cert: readFileSync(third),
    minVersion: 'TLSv1.3',
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true).on('error', () => socket.destroy());
    const ring = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(CHUNK + 64).subarray(64));
    const stop = since();
    let at = 0;
    const fill = () => {
      for (let buffer = ring.pop(); buffer; buffer = ring.pop()) {
        const length = at < size ? readSync(file, buffer, 0, CHUNK, at) : 0;
        if (length === 0) return ring.push(buffer) === 4 ? say(stop()) : undefined;
        at += length;
        const slot = buffer;
        socket.write(slot.subarray(0, length), () => {
          ring.push(slot);
          fill();
        });
      }
    };
    fill();
  });
  server.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }));
} else {
  const out = third ? openSync(third, 'w') : null;
  const chunk = Buffer.allocUnsafeSlow(CHUNK + 64).subarray(64);
  let [stop, filled, got] = [since(), 0, 0];
  const take = (count: number, bytes: Buffer) => {
    for (let at = 0; out !== null && at < count; ) {
      const part = Math.min(count - at, CHUNK - filled);
      bytes.copy(chunk, filled, at, at + part);
      [at, filled] = [at + part, filled + part];
      if (filled < CHUNK && got + at < Number(second)) continue;
      blake3(chunk.subarray(0, filled));
      writeSync(out, chunk, 0, filled);
      filled = 0;
    }
    got += count;
    if (got < Number(second)) return true;
    if (out !== null) closeSync(out);
    say(stop());
    socket.destroy();
    return true;
  };
  const onread = {
    buffer: Buffer.allocUnsafeSlow(65_536),
    callback: (n: number, b: Uint8Array) => take(n, b as Buffer),
  };
  const options = { host: '127.0.0.1', port: Number(first), rejectUnauthorized: false, onread };
  const socket = tls.connect(options as tls.ConnectionOptions);
  socket.once('secureConnect', () => (stop = since()));
}
