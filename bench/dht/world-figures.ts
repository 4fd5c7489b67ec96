import { kill } from '../../src/simulator/churn.ts';
import { lookUpValues, storeValues } from '../../src/simulator/dht-measure.ts';
import { DhtWorld } from '../../src/simulator/dht-world.ts';
import type { Behaviours } from '../../src/simulator/granary-nodes.ts';
import { percentile } from '../statistics.ts';

const VALUES = 200;
const LOOKUPS = 1_000;
/** Per cent of the nodes that are gone by then. */
const DEAD = [0, 20, 50] as const;

export interface WorldSize {
  readonly seed: number;
  readonly nodes: number;
}

/** One network from its first node on: what joining costs, and lookups while ever more of it is gone. */
export async function worldFigures(
  options: WorldSize & { readonly behaviours: Behaviours; readonly joined: (nodes: number) => void },
): Promise<Record<string, number>> {
  const { seed, nodes, behaviours, joined } = options;
  const began = process.cpuUsage();
  const from = performance.now();
  const world = await DhtWorld.join({ seed, nodes, joined }, behaviours);
  const { network } = world;
  const { mean, least } = await world.tableSizes();
  const figures: Record<string, number> = {
    table_mean: mean,
    table_least: least,
    join_messages_a_node: network.counts.requests / nodes,
  };
  const { values, replicas } = await storeValues(world, VALUES);
  figures.replicas = replicas;
  for (const dead of DEAD) {
    const gone = nodes - world.alive.length;
    kill(network, world.alive, (nodes * (dead / 100) - gone) / (nodes - gone));
    const { lookups, found, rounds, messages, ms } = await lookUpValues(world, values, LOOKUPS);
    const prefix = `dead_${dead}`;
    figures[`${prefix}_found_percent`] = (100 * found) / lookups;
    figures[`${prefix}_rounds_p50`] = percentile(rounds, 0.5);
    figures[`${prefix}_rounds_p95`] = percentile(rounds, 0.95);
    figures[`${prefix}_messages_mean`] = meanOf(messages);
    figures[`${prefix}_messages_p95`] = percentile(messages, 0.95);
    figures[`${prefix}_ms_p50`] = percentile(ms, 0.5);
    figures[`${prefix}_ms_p95`] = percentile(ms, 0.95);
  }
  network.throwCrash();
  const { user, system } = process.cpuUsage(began);
  figures.seconds = (performance.now() - from) / 1000;
  figures.cpu_seconds = (user + system) / 1e6;
  figures.resident_mib = process.memoryUsage.rss() / 2 ** 20;
  return figures;
}

const meanOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
