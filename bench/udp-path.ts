// A path for datagrams: each leaves half a round trip later, or is lost. In the order in which they came.
//   udp-path.ts ROUND_TRIP_MS LOSS_PERCENT PORT     prints {"port"}; PORT is where it leads to
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { Random } from '../src/supervisor/testing/random.ts';

const [trip, loss, port] = process.argv.slice(2).map(Number) as [number, number, number];
const random = new Random(1);
const line: { due: number; leave: () => void }[] = [];
let waiting = false;

function put(leave: () => void): void {
  if (random.chance(loss / 100)) return;
  line.push({ due: performance.now() + trip / 2, leave });
  wait();
}

function wait(): void {
  if (waiting || line.length === 0) return;
  waiting = true;
  setTimeout(
    () => {
      waiting = false;
      const now = performance.now();
      let count = 0;
      while (count < line.length && line[count]!.due <= now) line[count++]!.leave();
      line.splice(0, count);
      wait();
    },
    Math.max(1, line[0]!.due - performance.now()),
  );
}

/** Each client has a socket of its own towards the far end. */
const clients = new Map<string, Socket>();
const near = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 });
function farFor(client: RemoteInfo): Socket {
  const name = `${client.address}:${client.port}`;
  const known = clients.get(name);
  if (known) return known;
  const far = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 });
  far.on('message', (piece) => put(() => near.send(piece, client.port, client.address)));
  clients.set(name, far);
  return far;
}
near.on('message', (piece, client) => {
  const far = farFor(client);
  put(() => far.send(piece, port, '127.0.0.1'));
});
near.bind(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ port: near.address().port })}\n`));
