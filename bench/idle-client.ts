// Peers that shake hands and then say nothing: what is left is the cost of having them.
//   idle-client.ts PORT COUNT      prints {"sessions"} once all are there; ends with its standard input, or prints {"lost"}
import { plainSession } from './plain-session.ts';

/** Handshakes at once. */
const LANES = 4;
const [port = '', count = ''] = process.argv.slice(2);
let [begun, lost] = [0, 0];

await Promise.all(
  Array.from({ length: LANES }, async () => {
    while (begun < Number(count)) {
      begun++;
      const socket = await plainSession(Number(port));
      socket.resume().once('close', () => {
        lost++;
        process.stdout.write(`${JSON.stringify({ lost })}\n`);
      });
    }
  }),
);
process.stdout.write(`${JSON.stringify({ sessions: begun - lost })}\n`);
process.stdin.resume().once('end', () => process.exit());
