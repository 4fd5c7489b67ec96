import { failure } from '../../errors.ts';
import { fromErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { Bell } from './bell.ts';
import type { HashingContext } from './context.ts';
import type { HashEvent } from './contract.ts';
import { HashJob, type HashResult } from './hash-job.ts';
import type { HashingPool } from './pool.ts';

/** Between two progress events. */
const PROGRESS_MS = 100;
/** Files and octets of hashes in one event, unless one file alone has more. */
const FILES_AN_EVENT = 256;
const OCTETS_AN_EVENT = 256 << 10;

/** Hashes the files on the pool. Whoever leaves the loop cancels what is left. */
export async function* hashFiles(
  context: HashingContext,
  pool: HashingPool,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<HashEvent, void, undefined> {
  const { clock } = context;
  let told = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  for await (const job of steps(context, pool, paths, true, signal)) {
    for (let events = claim(context, job); events.length > 0; events = claim(context, job)) {
      yield* events;
      // There is room again for more.
      pool.wake();
      signal.throwIfAborted();
    }
    const { octets } = job;
    if (octets === told || (!job.ended && clock.now() - toldAt < PROGRESS_MS)) continue;
    told = octets;
    toldAt = clock.now();
    yield { kind: 'progress', bytes: octets };
  }
}

/** Content id and size of one file. Throws what is wrong with it. */
export async function identify(
  context: HashingContext,
  pool: HashingPool,
  path: string,
  signal: AbortSignal,
): Promise<{ contentId: string; size: number }> {
  for await (const job of steps(context, pool, [path], false, signal)) {
    const result = job.take(1, Number.POSITIVE_INFINITY)[0];
    if (result === undefined) continue;
    if ('error' in result) throw fromErrorRecord(result.error);
    context.metrics.add('files_hashed', 1);
    context.metrics.add('bytes_hashed', result.size);
    return { contentId: result.contentId, size: result.size };
  }
  throw failure('E_INTERNAL', 'the file was neither hashed nor refused', { subject: path });
}

/** The job, each time something happened to it, until it ended. */
async function* steps(
  context: HashingContext,
  pool: HashingPool,
  paths: readonly string[],
  chunks: boolean,
  signal: AbortSignal,
): AsyncGenerator<HashJob, void, undefined> {
  const bell = new Bell();
  const job = new HashJob(paths, {
    chunks,
    onChange: () => bell.ring(),
    spawn: (work) => context.spawn(work),
    send: (thread, task) => pool.send(thread, task),
  });
  pool.add(job);
  try {
    while (!job.ended) {
      await bell.wait(signal);
      yield job;
    }
  } finally {
    pool.remove(job);
    job.cancel();
  }
}

function claim({ metrics }: HashingContext, job: HashJob): HashEvent[] {
  const results: readonly HashResult[] = job.take(FILES_AN_EVENT, OCTETS_AN_EVENT);
  const files = results.filter((result) => 'contentId' in result);
  metrics.add('files_hashed', files.length);
  for (const file of files) metrics.add('bytes_hashed', file.size);
  return [
    ...(files.length > 0 ? [{ kind: 'files' as const, files }] : []),
    ...results
      .filter((result) => 'error' in result)
      .map(({ index, error }) => ({ kind: 'failed' as const, index, error })),
  ];
}
