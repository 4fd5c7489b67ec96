import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { failure } from '../../errors.ts';
import { ActorError, type ErrorRecord, fromErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { siblingModule } from '../../supervisor/tree/module-url.ts';
import type { BackupMade, BackupOrder } from './backup-file.ts';
import type { StoreContext } from './context.ts';
import type { BackupResult } from './contract.ts';
import { sweepUnfinished } from './durable-file.ts';
import type { Home } from './home.ts';
import { storeFailure } from './store-failure.ts';

/** The copies that the node makes by itself; others in the folder are the operator's. */
const AUTOMATIC = /^granary-auto-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})Z\.db$/;
/** A start has other things to do first. */
const AFTER_START_MS = 60_000;
/** After one that failed. */
const RETRY_MS = 3_600_000;
const HOUR_MS = 3_600_000;
/** Until it is looked again: timers do not carry months, and machines sleep. */
const MOST_MS = 6 * HOUR_MS;

/** Name of a copy made at that time (unix milliseconds): names sort as their times do. */
export const backupName = (kind: 'auto' | 'backup', wall: number): string =>
  `granary-${kind}-${new Date(wall).toISOString().slice(0, 19).replaceAll(':', '-')}Z.db`;

/** When a copy of that name was made, unix milliseconds; null: it is none that the node made by itself. */
export function madeAt(name: string): number | null {
  const stamp = AUTOMATIC.exec(name)?.[1];
  if (stamp === undefined) return null;
  const [day, time] = stamp.split('T') as [string, string];
  const at = Date.parse(`${day}T${time.replaceAll('-', ':')}Z`);
  return Number.isNaN(at) ? null : at;
}

/** Copies of the node in one file each: when asked, and by itself. */
export class Backups {
  readonly #context: StoreContext;
  readonly #home: Home;
  readonly #nodeKey: string;
  /** One at a time. */
  #running = false;

  constructor(context: StoreContext, home: Home, nodeKey: string) {
    this.#context = context;
    this.#home = home;
    this.#nodeKey = nodeKey;
  }

  /** `path`: a folder that is there, or a file that is not. Yields what was made; ends early with the signal. */
  async *make(
    path: string,
    hashLists: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<BackupResult, void, undefined> {
    if (!isAbsolute(path)) throw failure('E_PATH_INVALID', 'the path is not absolute', { subject: path });
    const isFolder = await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    const target = isFolder ? join(path, backupName('backup', this.#context.clock.wall())) : path;
    yield await this.#write(target, hashLists, signal);
  }

  /** Makes a copy whenever one is due, until the actor stops. What fails is told, and tried again. */
  async run(): Promise<void> {
    const { clock, config, log, signal } = this.#context;
    if (config.backupHours === 0) return;
    const folder = config.backupFolder === '' ? join(this.#home.root, 'backups') : config.backupFolder;
    let wait = AFTER_START_MS;
    for (;;) {
      await sleep(clock, wait, signal);
      try {
        wait = await this.#whenDue(folder, signal);
      } catch (error) {
        const known = signal.aborted ? null : storeFailure(error, folder);
        if (!(known instanceof ActorError)) throw error;
        log.error(
          { code: known.code, reason: known.message, folder },
          'the backup failed; it is tried again',
        );
        wait = RETRY_MS;
      }
    }
  }

  /** Milliseconds until the next one. */
  async #whenDue(folder: string, signal: AbortSignal): Promise<number> {
    const { clock, config, log } = this.#context;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const every = config.backupHours * HOUR_MS;
    const newest = Math.max(
      ...(await automaticOnes(folder)).map((name) => madeAt(name)!),
      Number.NEGATIVE_INFINITY,
    );
    // A clock that was set back must not put backups off for years.
    const age = Math.abs(clock.wall() - newest);
    if (age < every) return Math.min(every - age, MOST_MS);
    await sweepUnfinished(folder, log);
    const { file, bytes, seconds } = await this.#write(
      join(folder, backupName('auto', clock.wall())),
      false,
      signal,
    );
    log.info({ file, bytes, seconds }, 'backup made');
    for (const old of (await automaticOnes(folder)).slice(0, -config.backupKeep)) await rm(join(folder, old));
    return Math.min(every, MOST_MS);
  }

  async #write(target: string, hashLists: boolean, signal: AbortSignal): Promise<BackupResult> {
    const { clock, config } = this.#context;
    if (this.#running) throw failure('E_BUSY', 'another backup is being made', { retryable: true });
    this.#running = true;
    try {
      const from = clock.now();
      const { bytes, files } = await inThread(
        {
          root: this.#home.root,
          target,
          hashLists,
          facts: {
            made_at: String(Math.floor(clock.wall() / 1000)),
            keys: config.keys,
            node_key: this.#nodeKey,
          },
        },
        signal,
      );
      return { file: target, bytes, files, keys: config.keys, seconds: (clock.now() - from) / 1000 };
    } finally {
      this.#running = false;
    }
  }
}

async function automaticOnes(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => madeAt(name) !== null).sort();
}

async function inThread(order: BackupOrder, signal: AbortSignal): Promise<BackupMade> {
  signal.throwIfAborted();
  const worker = new Worker(siblingModule(import.meta.url, './backup-worker'), { workerData: order });
  let onAbort = () => {};
  try {
    const answer = await new Promise<{ made: BackupMade } | { error: ErrorRecord }>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () =>
        reject(failure('E_IO', 'the thread of the backup ended', { subject: order.target })),
      );
    });
    if ('error' in answer) throw fromErrorRecord(answer.error);
    return answer.made;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
