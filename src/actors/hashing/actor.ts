import { availableParallelism } from 'node:os';
import { blake3Implementation } from '../../protocol/crypto/blake3.ts';
import { siblingModule } from '../../supervisor/tree/module-url.ts';
import { actor } from '../contracts.ts';
import { checkParts } from './check-parts.ts';
import { hashingContract } from './contract.ts';
import { DeathWindow } from './death-window.ts';
import { hashFiles, identify } from './hash-files.ts';
import { HashingPool } from './pool.ts';

/** Deaths of pool threads, and the time in which they are too many: then something is wrong with all of them. */
const MAX_DEATHS = 5;
const DEATHS_MS = 30_000;

/** Owns the threads that read and hash files, and deals them out. */
export default actor(hashingContract, (context) => {
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
  // The same on every thread of a process.
  if (blake3Implementation !== 'native')
    log.warn({}, 'native BLAKE3 does not work on this machine: hashing will be a hundred times slower');
  return {
    handlers: {
      hashFiles: ({ paths }, { signal }) => hashFiles(context, pool, paths, signal),
      identify: ({ path }, { signal }) => identify(context, pool, path, signal),
      configure(next) {
        pool.resize(next.threads || availableParallelism());
        return null;
      },
      checkParts: ({ parts, gentle }, { signal }) => checkParts(context, pool, parts, gentle, signal),
      info: () => ({ threads: pool.threads, implementation: blake3Implementation }),
    },
    stop: () => pool.close(),
  };
});
