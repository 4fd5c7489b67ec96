import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { selfSigned } from '../../bench/self-signed.ts';
import { SocketChannel } from '../../conformance/target/channel.ts';
import { Frames } from '../../conformance/target/frames.ts';
import { generateSeed, keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { freshHandshakeSecrets } from '../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../src/protocol/handshake/responder.ts';
import { NO_CAPABILITIES } from '../../src/protocol/wire/capabilities.ts';
import { decodeEnvelope, type Envelope, encodeFrame } from '../../src/protocol/wire/envelope.ts';

/**
 * A node that finishes handshakes and answers each request as it is told. What is no envelope ends the connection; or,
 * from a lenient one, is taken for a request of type 0.
 */
export async function wrongPeer(
  answer: (request: Envelope) => Envelope | 'close' | 'nothing',
  { lenient = false } = {},
) {
  const key = keyPairFromSeed(generateSeed());
  const replays = createReplayTable();

  function read(body: Uint8Array): Envelope {
    try {
      return decodeEnvelope(body);
    } catch (error) {
      if (!lenient) throw error;
      return { type: 0, reqId: 1, flags: 0, payload: body };
    }
  }

  async function serve(frames: Frames): Promise<void> {
    const secrets = freshHandshakeSecrets();
    const responder = createResponder({
      key,
      capabilities: NO_CAPABILITIES,
      replays,
      secrets: () => secrets,
    });
    for (let done = false; !done; ) {
      const received = await frames.next(30_000);
      if (received.kind !== 'frame') return;
      const step = responder.receive(received.body, Date.now() / 1000);
      if (step.send) frames.send(step.send);
      if (step.kind === 'failed') return;
      done = step.kind === 'done';
    }
    for (;;) {
      const received = await frames.next(30_000);
      if (received.kind !== 'frame') return;
      const reply = answer(read(received.body));
      if (reply === 'close') return;
      if (reply !== 'nothing') frames.send(encodeFrame(reply));
    }
  }

  const server = createServer({ ...selfSigned('p256') }, (socket: TLSSocket) => {
    socket.on('error', () => {});
    const frames = new Frames(new SocketChannel(socket));
    serve(frames)
      .catch(() => {})
      .finally(() => frames.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}
