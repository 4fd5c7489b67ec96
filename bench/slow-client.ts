// Peers that ask for as many chunks as they may and take next to nothing of them, each from a network of its own. One that is
// thrown out comes again.
//   slow-client.ts PORT CONTENT_ID PEERS      prints {"sessions"} once all have asked; runs until it is ended
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeWith } from '../src/protocol/cbor/codec.ts';
import { getChunk } from '../src/protocol/wire/content.ts';
import { encodeFrame } from '../src/protocol/wire/envelope.ts';
import { GET_CHUNK } from '../src/protocol/wire/message-types.ts';
import { plainSession } from './plain-session.ts';

/** As many requests as a session takes at once. */
const WINDOW = 16;
/** Octets taken every second: a chunk is whole after sixteen. */
const TAKEN = 16_384;
const [port = '', content = '', peers = ''] = process.argv.slice(2);
const contentId = new Uint8Array(Buffer.from(content, 'hex'));

const requests = Buffer.concat(
  Array.from({ length: WINDOW }, (_, chunkIndex) => {
    const payload = encodeWith(getChunk, { contentId, chunkIndex });
    return encodeFrame({ type: GET_CHUNK, reqId: chunkIndex + 1, flags: 0, payload });
  }),
);

async function slowly(peer: number, asked: () => void): Promise<never> {
  for (;;) {
    try {
      const socket = await plainSession(Number(port), `127.${peer + 1}.0.1`);
      socket.write(requests, asked);
      while (!socket.destroyed) {
        socket.read(TAKEN);
        await sleep(1000);
      }
    } catch {
      await sleep(1000);
    }
  }
}

const all = Array.from({ length: Number(peers) }, (_, peer) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  void slowly(peer, resolve);
  return promise;
});
await Promise.all(all);
process.stdout.write(`${JSON.stringify({ sessions: all.length })}\n`);
