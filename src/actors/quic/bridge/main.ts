// QUIC connections as local sockets. Run by Deno, whose QUIC needs no ALPN; knows nothing of SCP2P and nothing of Node.
// The end of its standard input means that its node is gone: it ends too.
import {
  type BridgeCommand,
  type BridgeEvent,
  LineReader,
  lineOf,
  type UdpAddress,
} from '../../../bridge-link/control-lines.ts';
import { Accepting } from './accepting.ts';
import { noCounts } from './counts.ts';
import { deno, onUnhandled, type QuicEndpoint, type QuicListener } from './deno.ts';
import { Dialling } from './dialling.ts';
import { transportOptions } from './transport-options.ts';

const COUNTS_MS = 1_000;
/** For the farewell to the peers to leave this machine. */
const FAREWELL_MS = 50;

const counts = noCounts();
const listeners: QuicListener[] = [];
const endpoints: QuicEndpoint[] = [];
let accepting: Accepting | null = null;

function tell(event: BridgeEvent): void {
  const bytes = new TextEncoder().encode(lineOf(event));
  for (let at = 0; at < bytes.length; ) at += deno.stdout.writeSync(bytes.subarray(at));
}

function bind(address: UdpAddress): QuicEndpoint {
  try {
    return new deno.QuicEndpoint({ hostname: address.host, port: address.port });
  } catch (error) {
    tell({ tell: 'cannot-listen', address, reason: error instanceof Error ? error.message : String(error) });
    return deno.exit(1);
  }
}

function start(command: Extract<BridgeCommand, { do: 'start' }>): void {
  const { certificate: cert, key, limits, congestion } = command;
  accepting = new Accepting(limits, counts);
  accepting.useShards(command.shards);
  for (const address of command.listen) {
    const endpoint = bind(address);
    endpoints.push(endpoint);
    // One that lists a protocol refuses whoever offers none, as the network's nodes do.
    const options = { cert, key, alpnProtocols: [], ...transportOptions(1, congestion) };
    const listener = endpoint.listen(options);
    listeners.push(listener);
    void accepting.run(listener);
  }
  void new Dialling(endpoints, limits.maxStreams, counts).run(command.dial);
  const listen = endpoints.map(({ addr }) => ({ host: addr.hostname, port: addr.port }));
  tell({ tell: 'ready', listen, engine: `deno ${deno.version.deno}` });
  tellCounts();
}

/** Only when there is something new to tell. */
function tellCounts(): void {
  let told = '';
  setInterval(() => {
    const now = JSON.stringify(counts);
    if (now === told) return;
    told = now;
    tell({ tell: 'counts', counts: { ...counts, rss: deno.memoryUsage().rss } });
  }, COUNTS_MS);
}

function obey(command: BridgeCommand): void {
  switch (command.do) {
    case 'start':
      return start(command);
    case 'shards':
      return accepting?.useShards(command.shards);
    case 'quiesce':
      for (const listener of listeners.splice(0)) listener.stop();
  }
}

onUnhandled((reason) => {
  tell({ tell: 'bug', stack: String((reason as Error | undefined)?.stack ?? reason) });
});

const lines = new LineReader<BridgeCommand>();
for await (const text of deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const command of lines.push(text)) obey(command);
}
for (const endpoint of endpoints) endpoint.close({ closeCode: 0, reason: '' });
setTimeout(() => deno.exit(0), FAREWELL_MS);
