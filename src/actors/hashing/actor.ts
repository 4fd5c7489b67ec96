import { availableParallelism } from 'node:os';
import { siblingModule } from '../../supervisor/tree/module-url.ts';
import { actor } from '../contracts.ts';
import type { HashingContext } from './context.ts';
import { hashingContract } from './contract.ts';
import { DeathWindow } from './death-window.ts';
import { hashFiles, identify } from './hash-files.ts';
import { HashingPool } from './pool.ts';

/** Deaths of pool threads, and the time in which they are too many: then something is wrong with all of them. */
const MAX_DEATHS = 5;
const DEATHS_MS = 30_000;

/** Owns the threads that read and hash files, and deals them out. */
export default actor(hashingContract, async (context) => {
  const { config, log, metrics } = context;
  const deaths = new DeathWindow(MAX_DEATHS, DEATHS_MS, context.clock);
  const pool = new HashingPool({
    threads: config.threads || availableParallelism(),
    module: siblingModule(import.meta.url, './pool-worker'),
    spawn: (work) => context.spawn(work),
    onDeath() {
      metrics.add('pool_restarts', 1);
      log.warn({}, 'a hashing thread died; another one takes its place');
      if (!deaths.count()) return;
      context.spawn(async () => {
        throw new Error(`${MAX_DEATHS + 1} hashing threads died within ${DEATHS_MS / 1000} s`);
      });
    },
  });
  const implementation = await implementationOf(context, pool);
  return {
    handlers: {
      hashFiles: ({ paths }, { signal }) => hashFiles(context, pool, paths, signal),
      identify: ({ path }, { signal }) => identify(context, pool, path, signal),
      configure(next) {
        pool.resize(next.threads || availableParallelism());
        return null;
      },
      info: () => ({ threads: pool.threads, implementation }),
    },
    stop: () => pool.close(),
  };
});

/** Which hash the threads run. Each is asked, and so is up before the first file comes. */
async function implementationOf({ log }: HashingContext, pool: HashingPool): Promise<'native' | 'noble'> {
  try {
    const answers = await pool.all({ kind: 'hello' });
    if (answers.every((answer) => answer.kind === 'hello' && answer.implementation === 'native'))
      return 'native';
  } catch (error) {
    await pool.close();
    throw error;
  }
  log.warn({}, 'native BLAKE3 does not work on this machine: hashing will be a hundred times slower');
  return 'noble';
}
