import { existsSync, rmSync } from 'node:fs';
import { type StoreContext, unixNow } from './context.ts';
import type { NodeIdentity } from './contract.ts';
import type { Database } from './database.ts';
import { sweepUnfinished, writeFileDurably } from './durable-file.ts';
import { checkVersion, type Home, prepareHome, writeVersion } from './home.ts';
import { openIdentity } from './identity.ts';
import { KeyRing } from './key-ring.ts';
import { lockHome } from './lock.ts';
import { MIGRATIONS } from './migrations.ts';
import { OwnShares } from './own-shares.ts';
import { openProgress } from './progress-database.ts';
import { type BackupFacts, checkRestored, finishRestore, restoreBackup } from './restore.ts';
import { openState } from './state-database.ts';

/** More than clocks are wrong. */
const DAY_SECONDS = 86_400;

export interface OpenHome {
  readonly home: Home;
  readonly database: Database;
  readonly progress: Database;
  readonly keys: KeyRing;
  readonly identity: NodeIdentity;
  /** Everything into its files, the running mark gone, the lock free. */
  close(): void;
}

/** A backup may be older than the last revision that was signed. */
function distrustNumbers(database: Database, keys: KeyRing, age: number): void {
  const seconds = Math.max(0, age) + DAY_SECONDS;
  database.transaction(() => new OwnShares(database, keys).distrustNumbers(seconds));
}

/** Claims the data folder and brings it to this version. What was claimed is released when it throws. */
export async function openHome(
  context: StoreContext,
  steps: readonly string[] = MIGRATIONS,
): Promise<OpenHome> {
  const { config, log } = context;
  const home = prepareHome(config.home);
  const lock = lockHome(home);
  let database: Database | null = null;
  let progress: Database | null = null;
  try {
    let restored: BackupFacts | null = null;
    if (config.restore === '') checkRestored(home);
    else restored = await restoreBackup(config.restore, home, steps.length, log);
    const version = checkVersion(home, steps.length);
    database = await openState(context, home, steps);
    progress = openProgress(context, home, existsSync(home.running));
    for (const folder of [home.root, home.keys, home.manifests, home.hashes]) {
      await sweepUnfinished(folder, log);
    }
    // A restored folder keeps its keys as they were; the next start brings them into the configured form.
    const keyConfig = restored === null ? config : { ...config, keys: restored.keys };
    const keys = await KeyRing.open({ config: keyConfig, log }, home);
    const identity = await openIdentity(keys, home, version === 0 && restored === null, log);
    if (restored !== null) distrustNumbers(database, keys, unixNow(context) - restored.madeAt);
    // Last: a folder with a version has everything that belongs to one.
    if (version !== steps.length) await writeVersion(home, steps.length);
    if (restored !== null) await finishRestore(home);
    if (!existsSync(home.running)) await writeFileDurably(home.running, Buffer.from(`${process.pid}\n`));
    const opened = [database, progress];
    return {
      home,
      database,
      progress,
      keys,
      identity,
      close() {
        try {
          for (const each of opened) {
            each.exec('PRAGMA wal_checkpoint(TRUNCATE)');
            each.close();
          }
          rmSync(home.running, { force: true });
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    progress?.close();
    database?.close();
    lock.release();
    throw error;
  }
}
