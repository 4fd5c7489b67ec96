// A peer that asks for every chunk of one content as fast as it comes, and throws the bytes away: what is left is
// the cost of serving. A plain node of the network to the seeder: no certificate, no mark in the nonce.
//   chunk-client.ts PORT CONTENT_ID CHUNKS      prints {"seconds","cpu","bytes"}
import tls from 'node:tls';
import { encodeWith } from '../src/protocol/cbor/codec.ts';
import { getChunk } from '../src/protocol/wire/content.ts';
import { encodeFrame } from '../src/protocol/wire/envelope.ts';
import { GET_CHUNK } from '../src/protocol/wire/message-types.ts';
import { plainInitiator } from './plain-session.ts';

/** Requests under way: enough to hide a round trip, fewer than any peer refuses. */
const WINDOW = 16;
/** Requests in one write: a quarter of the window, as a node of ours asks. */
const BUNCH = 4;
const [port = '', content = '', count = ''] = process.argv.slice(2);
const contentId = new Uint8Array(Buffer.from(content, 'hex'));
const chunks = Number(count);

const initiator = plainInitiator();
const now = () => Date.now() / 1000;

let asked = 0;
let answered = 0;
let bytes = 0;
let started = { wall: 0, cpu: process.cpuUsage() };
const ask = (more: number) => {
  const frames: Uint8Array[] = [];
  for (const end = Math.min(chunks, asked + more); asked < end; asked++) {
    const payload = encodeWith(getChunk, { contentId, chunkIndex: asked });
    frames.push(encodeFrame({ type: GET_CHUNK, reqId: asked + 1, flags: 0, payload }));
  }
  socket.write(Buffer.concat(frames));
};

// The least that finds the end of each frame: a length, then so many bytes to pass over.
let head = Buffer.alloc(0);
let left = 0;
const passOver = (piece: Buffer) => {
  let at = 0;
  while (at < piece.length) {
    if (left > 0) {
      const part = Math.min(left, piece.length - at);
      left -= part;
      at += part;
      if (left > 0) return;
      answered++;
      if (answered === chunks) finish();
      else if (answered % BUNCH === 0 && asked < chunks) ask(BUNCH);
      continue;
    }
    const need = 4 - head.length;
    head = Buffer.concat([head, piece.subarray(at, at + need)]);
    at += need;
    if (head.length < 4) return;
    left = head.readUInt32BE(0);
    bytes += left + 4;
    head = Buffer.alloc(0);
  }
};

const handshake = (piece: Buffer) => {
  head = Buffer.concat([head, piece]);
  if (head.length < 4 || head.length < 4 + head.readUInt32BE(0)) return;
  const step = initiator.receive(new Uint8Array(head.subarray(4, 4 + head.readUInt32BE(0))), now());
  if (step.kind !== 'done') throw new Error(`handshake: ${JSON.stringify(step)}`);
  if (step.send) socket.write(step.send);
  head = Buffer.alloc(0);
  receive = passOver;
  started = { wall: performance.now(), cpu: process.cpuUsage() };
  ask(WINDOW);
};

function finish(): void {
  const { user, system } = process.cpuUsage(started.cpu);
  const seconds = (performance.now() - started.wall) / 1000;
  process.stdout.write(`${JSON.stringify({ seconds, cpu: (user + system) / 1e6, bytes })}\n`);
  socket.destroy();
}

let receive = handshake;
const onread = {
  buffer: Buffer.allocUnsafeSlow(65_536),
  callback(length: number, buffer: Uint8Array) {
    receive((buffer as Buffer).subarray(0, length));
    return true;
  },
};
const options = { host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, onread };
const socket = tls.connect(options as tls.ConnectionOptions);
socket.setNoDelay(true);
socket.once('secureConnect', () => socket.write(initiator.start(now())));
