// The floor beside `idle-sessions`: bare TLS 1.3 connections of Node that answered once and then say nothing; nothing of src/ in it.
//   idle-bare.ts listen KEY CERT      prints {"port"}; ends with its standard input, as the other does
//   idle-bare.ts connect PORT COUNT   prints {"sessions"} once all are there
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

/** Handshakes at once. */
const LANES = 4;
const [role, first = '', second = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const held: tls.TLSSocket[] = [];

function listen(): void {
  const [key, cert] = [first, second].map((path) => readFileSync(path)) as [Buffer, Buffer];
  const secureOptions = constants.SSL_OP_NO_TICKET;
  const secureContext = tls.createSecureContext({ key, cert, minVersion: 'TLSv1.3', secureOptions });
  const server = net.createServer((raw) => {
    const options = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    const socket = new tls.TLSSocket(raw, options).on('error', () => socket.destroy());
    held.push(socket);
    socket.on('data', (piece: Buffer) => socket.write(piece));
  });
  server.listen(0, '127.0.0.1', () => say({ port: (server.address() as { port: number }).port }));
}

async function connect(): Promise<void> {
  let begun = 0;
  const lane = async () => {
    while (begun < Number(second)) {
      begun++;
      const socket = tls.connect({ host: '127.0.0.1', port: Number(first), rejectUnauthorized: false });
      held.push(socket);
      socket.write('hello');
      await new Promise((answered, failed) => socket.once('data', answered).once('error', failed));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  say({ sessions: held.length });
}
process.stdin.resume().once('end', () => process.exit());
role === 'listen' ? listen() : await connect();
