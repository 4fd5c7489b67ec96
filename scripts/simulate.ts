import { parseArgs } from 'node:util';
import { percentile } from '../bench/statistics.ts';
import { kill } from '../src/simulator/churn.ts';
import { lookUpValues, storeValues } from '../src/simulator/dht-measure.ts';
import { DhtWorld } from '../src/simulator/dht-world.ts';
import { loadBehaviours } from '../src/simulator/granary-nodes.ts';
import type { SimulatedNetwork } from '../src/simulator/network.ts';
import { propagate } from '../src/simulator/propagation.ts';

// A network of real behaviours, one a seed: `npm run simulate -- --nodes 10000 --seed 1 --dead 20`; the same seed prints
// the same digest. `--propagate` watches a new revision of a share get round instead.
const { values: flags } = parseArgs({
  options: {
    nodes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Per cent of the nodes that go before the lookups. */
    dead: { type: 'string', default: '20' },
    /** Per cent of the nodes behind a NAT, of messages lost. */
    nat: { type: 'string', default: '0' },
    loss: { type: 'string', default: '0' },
    values: { type: 'string', default: '200' },
    lookups: { type: 'string', default: '1000' },
    propagate: { type: 'boolean', default: false },
    /** Seconds that a subscriber is there and away, on average: `600/60`. */
    churn: { type: 'string' },
    interval: { type: 'string', default: '60' },
  },
});

const began = performance.now();
const seed = Number(flags.seed);
const links = { loss: Number(flags.loss) / 100 };
const nat = Number(flags.nat) / 100;
const behaviours = await loadBehaviours();
const network = flags.propagate ? await propagation() : await dht();

const { requests, replies, octets, dials } = network.counts;
console.log(
  `${(network.now() / 1000).toFixed(0)} s of the network in ${((performance.now() - began) / 1000).toFixed(1)} s, ${requests} requests, ${replies} replies, ${dials} dials, ${(octets / 2 ** 20).toFixed(1)} MiB, ${process.memoryUsage().rss >> 20} MiB resident`,
);
for (const { node, actor, thrown } of network.crashes) console.log(`node ${node}, ${actor}:`, thrown);
console.log(`digest ${network.trace.digest}`);
process.exit(network.crashes.length > 0 ? 1 : 0);

async function dht(): Promise<SimulatedNetwork> {
  const nodes = Number(flags.nodes ?? 10_000);
  const say = (text: string) =>
    console.error(`${((performance.now() - began) / 1000).toFixed(1)} s  ${text}`);
  const world = await DhtWorld.join(
    { seed, nodes, nat, links, joined: (count) => say(`${count} nodes`) },
    behaviours,
  );
  const { mean, least } = await world.tableSizes();
  console.log(`${nodes} nodes; ${mean.toFixed(0)} in a routing table, ${least} in the poorest`);
  const { values, replicas } = await storeValues(world, Number(flags.values));
  console.log(`${values.length} values with ${replicas.toFixed(1)} nodes each`);
  const gone = kill(world.network, world.nodes, Number(flags.dead) / 100);
  const { lookups, found, rounds, messages, ms } = await lookUpValues(world, values, Number(flags.lookups));
  console.log(
    `${gone.length} nodes gone: ${found} of ${lookups} found (${((100 * found) / lookups).toFixed(2)} %), ` +
      `rounds ${percentile(rounds, 0.5)} median, ${percentile(rounds, 0.95)} p95, ` +
      `messages ${percentile(messages, 0.5)} median, ${percentile(messages, 0.95)} p95, ` +
      `ms ${percentile(ms, 0.5).toFixed(0)} median, ${percentile(ms, 0.95).toFixed(0)} p95`,
  );
  return world.network;
}

async function propagation(): Promise<SimulatedNetwork> {
  const [up, down] = flags.churn?.split('/').map(Number) ?? [];
  const {
    network: simulated,
    subscribers,
    tookMs,
  } = await propagate(
    {
      seed,
      nodes: Number(flags.nodes ?? 200),
      nat,
      links,
      intervalSeconds: Number(flags.interval),
      churn: up && down ? { upMs: up * 1000, downMs: down * 1000 } : null,
    },
    behaviours,
  );
  const seconds = (share: number) => (percentile(tookMs, share) / 1000).toFixed(1);
  console.log(
    `${tookMs.length} of ${subscribers} subscribers have the new revision; ${seconds(0.5)} s median, ${seconds(0.95)} s p95, ${seconds(1)} s the last`,
  );
  return simulated;
}
