import tls from 'node:tls';
import { generateSeed, keyPairFromSeed } from '../src/protocol/crypto/ed25519.ts';
import { DIALECT_2 } from '../src/protocol/dialect.ts';
import { createInitiator } from '../src/protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../src/protocol/handshake/own-secrets.ts';
import { NO_CAPABILITIES } from '../src/protocol/wire/capabilities.ts';

const now = () => Date.now() / 1000;

/** Shakes hands as a node of the network that nobody knows: no certificate, no mark in the nonce. */
export const plainInitiator = () =>
  createInitiator({
    key: keyPairFromSeed(generateSeed()),
    dialect: DIALECT_2,
    capabilities: NO_CAPABILITIES,
    expectedKey: null,
    secrets: freshHandshakeSecrets(false),
  });

/**
 * A session with a node, as a peer nobody knows: the socket behind the handshake, paused, no byte of an answer read. Rejects
 * when the node does not want it.
 */
export function plainSession(port: number, localAddress = '127.0.0.1'): Promise<tls.TLSSocket> {
  const initiator = plainInitiator();
  return new Promise((resolve, reject) => {
    const options: tls.ConnectionOptions & { localAddress: string } = {
      ...{ host: '127.0.0.1', port, localAddress, rejectUnauthorized: false },
    };
    const socket = tls.connect(options);
    let got = Buffer.alloc(0);
    const closed = () => reject(new Error('closed in the handshake'));
    socket.once('secureConnect', () => socket.write(initiator.start(now())));
    socket.once('error', reject);
    socket.once('close', closed);
    socket.on('data', (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
      if (got.length < 4 || got.length < 4 + got.readUInt32BE(0)) return;
      const step = initiator.receive(new Uint8Array(got.subarray(4)), now());
      if (step.kind !== 'done') return reject(new Error(`handshake: ${JSON.stringify(step)}`));
      if (step.send) socket.write(step.send);
      socket.off('close', closed).removeAllListeners('data').pause();
      resolve(socket);
    });
  });
}
