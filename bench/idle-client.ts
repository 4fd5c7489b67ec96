// Peers that shake hands and then say nothing: what is left is the cost of having them.
//   idle-client.ts PORT COUNT      prints {"sessions"} once all are there; ends with its standard input, or prints {"lost"}
import tls from 'node:tls';
import { generateSeed, keyPairFromSeed } from '../src/protocol/crypto/ed25519.ts';
import { DIALECT_2 } from '../src/protocol/dialect.ts';
import { createInitiator } from '../src/protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../src/protocol/handshake/own-secrets.ts';
import { NO_CAPABILITIES } from '../src/protocol/wire/capabilities.ts';

/** Handshakes at once. */
const LANES = 4;
const [port = '', count = ''] = process.argv.slice(2);
const now = () => Date.now() / 1000;
const sockets: tls.TLSSocket[] = [];
let lost = 0;

function session(): Promise<void> {
  const key = keyPairFromSeed(generateSeed());
  const secrets = freshHandshakeSecrets(false);
  const initiator = createInitiator({
    key,
    dialect: DIALECT_2,
    capabilities: NO_CAPABILITIES,
    expectedKey: null,
    secrets,
  });
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    sockets.push(socket);
    let got = Buffer.alloc(0);
    socket.once('secureConnect', () => socket.write(initiator.start(now())));
    socket.once('error', reject);
    socket.once('close', () => {
      lost++;
      process.stdout.write(`${JSON.stringify({ lost })}\n`);
    });
    socket.on('data', (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
      if (got.length < 4 || got.length < 4 + got.readUInt32BE(0)) return;
      const step = initiator.receive(new Uint8Array(got.subarray(4)), now());
      if (step.kind !== 'done') return reject(new Error(`handshake: ${JSON.stringify(step)}`));
      if (step.send) socket.write(step.send);
      socket.removeAllListeners('data').resume();
      resolve();
    });
  });
}

let begun = 0;
await Promise.all(
  Array.from({ length: LANES }, async () => {
    while (begun < Number(count)) {
      begun++;
      await session();
    }
  }),
);
process.stdout.write(`${JSON.stringify({ sessions: sockets.length - lost })}\n`);
process.stdin.resume().once('end', () => process.exit());
