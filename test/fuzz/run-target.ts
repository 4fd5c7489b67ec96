import { Random } from '../../src/supervisor/testing/random.ts';
import { corpusOf } from './corpus.ts';
import { mutate } from './mutate.ts';
import { type Target, Violation } from './target.ts';

/** Milliseconds of processor time that any input may cost, and those for each of its octets. */
const COST_MS = 10;
const COST_MS_PER_OCTET = 0.01;

export interface Failure {
  readonly target: string;
  readonly input: Uint8Array;
  readonly reason: string;
}

/** What is wrong with the target for this input; null: nothing. */
export async function judge(target: Target, input: Uint8Array): Promise<string | null> {
  const bound = (target.heavy ? 20 : 1) * (COST_MS + input.length * COST_MS_PER_OCTET);
  let least = Number.POSITIVE_INFINITY;
  // Once may be the first time, or that of a collection of garbage: the least of some counts.
  for (let time = 0; time < 4 && least > bound; time++) {
    const before = spentMs();
    try {
      await target.run(input.slice());
    } catch (error) {
      return error instanceof Violation ? error.message : ((error as Error)?.stack ?? String(error));
    }
    least = Math.min(least, spentMs() - before);
  }
  return least > bound ? `it took ${least.toFixed(1)} ms for ${input.length} octets` : null;
}

/** Plays what is kept, then mutations until `enough`. The pool of inputs is a function of the seed. */
export async function* play(
  target: Target,
  seed: number,
  enough: (cases: number) => boolean,
): AsyncGenerator<Failure, number> {
  const kept = corpusOf(target.name).map(({ input }) => input);
  const seeds = target.seeds();
  for (const input of [...kept, ...seeds]) {
    const reason = await judge(target, input);
    if (reason !== null) yield { target: target.name, input, reason };
  }
  const random = new Random(seed);
  const pool = [...seeds, ...kept];
  let cases = 0;
  for (; !enough(cases); cases++) {
    const input = mutate(random, target, pool);
    const reason = await judge(target, input);
    if (reason !== null) yield { target: target.name, input, reason };
    // Mutations of mutations go further; some are taken up in the place of older ones.
    else if (random.chance(0.02)) {
      if (pool.length < 400) pool.push(input);
      else pool[random.integer(seeds.length, pool.length - 1)] = input;
    }
  }
  return cases;
}

const spentMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
