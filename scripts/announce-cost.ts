import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { BUCKETS, bucketOf, Cycle } from '../src/actors/dht/announce/cycle.ts';
import { toHex } from '../src/protocol/crypto/bytes.ts';
import { sha256 } from '../src/protocol/crypto/sha256.ts';
import { ReceiverPeer } from '../test/actors/dht/announce/receiver-peer.ts';
import { Net } from '../test/actors/dht/world.ts';

// What announcing costs a node that has told all it has and keeps it told, without sockets: the real actor of the DHT on
// a virtual clock among receivers that take everything. `npm run announce:cost -- --items 100000 --minutes 10`. The
// processor time is that of the actor and of the receivers together; `npm run bench -- announce` has real nodes.
const { values: flags } = parseArgs({
  options: {
    items: { type: 'string', default: '100000' },
    receivers: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
  },
});
const [items, count, minutes] = [Number(flags.items), Number(flags.receivers), Number(flags.minutes)];
const LIFE_MS = 86_400_000;
const MINUTE = 60_000;

const net = new Net();
const receivers = Array.from({ length: count }, (_, n) => new ReceiverPeer(net, n, true));
const contents = new Map<string, number>();
for (let n = 0; n < items; n++) contents.set(toHex(sha256(Buffer.from(`content ${n}`))), 1);
const buffers = process.memoryUsage().arrayBuffers;
// As a node that was restarted just now.
const { slotMs } = new Cycle(LIFE_MS, null, net.clock.wall());
const done = Math.floor(net.clock.wall() / slotMs);
const given = Array.from({ length: BUCKETS }, () => Math.round(items / BUCKETS));
const kept = new Map([
  ['announced', JSON.stringify({ cycle: { slotMs, done }, epoch: 1, given, shares: null })],
]);
const bootstrap = receivers.slice(0, 60).map(({ address }) => address);
const node = await net.node({ bootstrap }, { contents, kept });
node.tell('learnt', {
  addresses: receivers.map(({ address, nodeKey }) => `${address}@${nodeKey}`),
  from: 'aa'.repeat(32),
});
await net.clock.advance(2 * MINUTE);

const status = async () => (await node.handlers.status(null, node.call)).announce;
const before = await status();
const stored = receivers.map(({ stores }) => stores.length);
const cpu = process.cpuUsage();
await net.clock.advance(minutes * MINUTE);
const { user, system } = process.cpuUsage(cpu);
const after = await status();
const seconds = minutes * 60;
const report = {
  ...{ items, receivers: count, minutes, first_part: bucketOf(done) },
  values: after.stores - before.stores,
  per_second: Math.round(((after.stores - before.stores) / seconds) * 100) / 100,
  lookups: after.lookups - before.lookups,
  busiest_receiver_per_minute: Math.max(
    ...receivers.map(({ stores }, n) => (stores.length - stored[n]!) / minutes),
  ),
  backlog: after.backlog,
  cpu_seconds: (user + system) / 1e6,
  cpu_percent: ((user + system) / 1e6 / seconds) * 100,
  buffers_mib: (process.memoryUsage().arrayBuffers - buffers) / 2 ** 20,
  load: loadavg()[0],
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
await net.stop();
process.exit(report.cpu_percent <= 5 ? 0 : 1);
