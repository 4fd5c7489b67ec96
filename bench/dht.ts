import { loadavg } from 'node:os';
import { type Behaviours, loadBehaviours } from '../src/simulator/granary-nodes.ts';
import type { Bench } from './bench.ts';
import { attackFigures, defenceCosts } from './dht/defences.ts';
import { inRoomyThread } from './dht/roomy-thread.ts';
import { exponent, figuresText, medians, round } from './statistics.ts';

const DEFAULT_SIZE = 10_000;
/** Worlds a hundredth and a tenth as large show how costs grow. */
const STEPS = [0.01, 0.1, 1];
const FEWEST = 30;
/** Progress is told after so many nodes. */
const TOLD_EVERY = 1_000;
/** What is to be reached in the largest world with a fifth of the nodes gone. */
const MOST_ROUNDS = 4;
const LEAST_FOUND = 99;

/**
 * Lookups of the real DHT in a simulated network: rounds, messages and what is found, with none, a fifth and half of the
 * nodes gone a moment before; how that grows with the network; and what each defence buys and costs. Size: nodes of the
 * largest network. Figures are of the network's own time and messages: the machine's load does not change them.
 */
const dht: Bench = {
  name: 'dht',
  async run({ size = DEFAULT_SIZE, repeat = 1, log }) {
    const behaviours = await loadBehaviours();
    const sizes = [...new Set(STEPS.map((step) => Math.max(FEWEST, Math.round(size * step))))];
    const runs: Record<string, number | string>[] = [];
    for (let seed = 1; seed <= repeat; seed++) {
      const bySize = new Map<number, Record<string, number>>();
      for (const nodes of sizes) {
        const figures = await inRoomyThread({ seed, nodes }, (joined) => {
          if (joined % TOLD_EVERY === 0) log(`${joined} of ${nodes} nodes have joined`);
        });
        bySize.set(nodes, figures);
        log(`${nodes} nodes, seed ${seed}: ${figuresText(figures)}`);
      }
      runs.push({ seed, load: loadavg()[0]!, ...named(bySize, sizes), ...growth(bySize, sizes) });
    }
    const defences = await theDefences(behaviours, log);
    runs.push(defences.figures);
    const median = medians(runs);
    const largest = sizes.at(-1)!;
    const bits = Math.log2(largest);
    return {
      runs,
      median,
      beside: [
        {
          name: `log2 of ${largest} nodes: what a table of one node a bucket takes (rounds)`,
          value: round(bits),
          ratio: round(median.dead_20_rounds_p50! / bits),
        },
      ],
      checks: [
        {
          name: `at most ${MOST_ROUNDS} rounds with a fifth gone`,
          ok: median.dead_20_rounds_p50! <= MOST_ROUNDS,
        },
        {
          name: `at least ${LEAST_FOUND} % found with a fifth gone`,
          ok: median.dead_20_found_percent! >= LEAST_FOUND,
        },
        { name: 'every attack fails with its defence and succeeds without', ok: defences.ok },
      ],
    };
  },
};
export default dht;

/** The figures of the largest world by their names, those of the others with their size before. */
function named(bySize: ReadonlyMap<number, Record<string, number>>, sizes: readonly number[]) {
  const all: Record<string, number> = {};
  for (const [nodes, figures] of bySize) {
    const prefix = nodes === sizes.at(-1) ? '' : `nodes_${nodes}_`;
    for (const [name, value] of Object.entries(figures)) all[`${prefix}${name}`] = value;
  }
  return all;
}

/** To which power of the number of nodes a figure grows, from the smallest to the largest world. */
function growth(bySize: ReadonlyMap<number, Record<string, number>>, sizes: readonly number[]) {
  const [small, large] = [sizes[0]!, sizes.at(-1)!];
  if (small === large) return {};
  const of = (figure: string) =>
    exponent(bySize.get(small)![figure]!, bySize.get(large)![figure]!, large / small);
  return {
    growth_messages: of('dead_20_messages_mean'),
    growth_join_messages: of('join_messages_a_node'),
    growth_table: of('table_mean'),
  };
}

async function theDefences(behaviours: Behaviours, log: (line: string) => void) {
  const figures: Record<string, number> = {};
  let ok = true;
  for (const each of await attackFigures(behaviours)) {
    log(
      `${each.name}: ${percent(each.without)} without its defence, ${percent(each.with)} with it (${each.of}; ${each.defence})`,
    );
    figures[`attack_${each.key}_without_percent`] = 100 * each.without;
    figures[`attack_${each.key}_with_percent`] = 100 * each.with;
    ok &&= each.ok;
  }
  for (const each of await defenceCosts(behaviours)) {
    log(
      `without ${each.name}: ${each.messages.toFixed(2)} messages a lookup, ${each.rounds.toFixed(2)} rounds, ${percent(each.found)} found`,
    );
    figures[`without_${each.key}_messages`] = round(each.messages);
    figures[`without_${each.key}_found_percent`] = round(100 * each.found);
  }
  return { figures, ok };
}

const percent = (share: number): string => `${round(100 * share)} %`;
