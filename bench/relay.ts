// A path of a given length and width, for `long-path`: what comes in leaves half a round trip later, at no more than the rate.
//   relay.ts RATE_BYTES_PER_SECOND ROUND_TRIP_MS     prints {"port"}; the port to connect to comes as a line on stdin
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const [rate, trip] = process.argv.slice(2).map(Number) as [number, number];
let target = 0;

/** One way of a connection. The line is busy until what was put on it has left. */
function pipe(from: Socket, to: Socket): void {
  const line: { piece: Buffer | null; due: number }[] = [];
  let free = 0;
  let waiting = false;
  const leave = () => {
    waiting = false;
    const now = performance.now();
    while (line.length > 0 && line[0]!.due <= now) {
      const { piece } = line.shift()!;
      if (piece === null) to.destroy();
      else to.write(piece);
    }
    wait();
  };
  const wait = () => {
    if (waiting || line.length === 0) return;
    waiting = true;
    setTimeout(leave, Math.max(1, line[0]!.due - performance.now()));
  };
  const put = (piece: Buffer | null) => {
    const now = performance.now();
    free = Math.max(free, now) + ((piece?.length ?? 0) / rate) * 1000;
    line.push({ piece, due: free + trip / 2 });
    wait();
    return free - now;
  };
  from.on('data', (piece: Buffer) => {
    const behind = put(piece);
    // The line has no queue to speak of: who sends more than fits waits, as with a receiver that does not read.
    if (behind < 5) return;
    from.pause();
    setTimeout(() => from.resume(), behind);
  });
  from.on('error', () => from.destroy());
  from.on('close', () => put(null));
}

const server = createServer((near) => {
  const far = connect({ host: '127.0.0.1', port: target, noDelay: true });
  near.setNoDelay(true);
  pipe(near, far);
  pipe(far, near);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
process.stdin.on('data', (line) => {
  target = Number(line);
});
