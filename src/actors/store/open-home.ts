import { existsSync, rmSync } from 'node:fs';
import type { StoreContext } from './context.ts';
import type { NodeIdentity } from './contract.ts';
import type { Database } from './database.ts';
import { sweepUnfinished, writeFileDurably } from './durable-file.ts';
import { checkVersion, type Home, prepareHome, writeVersion } from './home.ts';
import { openIdentity } from './identity.ts';
import { KeyRing } from './key-ring.ts';
import { lockHome } from './lock.ts';
import { MIGRATIONS } from './migrations.ts';
import { openState } from './state-database.ts';

export interface OpenHome {
  readonly home: Home;
  readonly database: Database;
  readonly keys: KeyRing;
  readonly identity: NodeIdentity;
  /** Everything into its files, the running mark gone, the lock free. */
  close(): void;
}

/** Claims the data folder and brings it to this version. What was claimed is released when it throws. */
export async function openHome(
  context: StoreContext,
  steps: readonly string[] = MIGRATIONS,
): Promise<OpenHome> {
  const { log } = context;
  const home = prepareHome(context.config.home);
  const lock = lockHome(home);
  let database: Database | null = null;
  try {
    const version = checkVersion(home, steps.length);
    database = await openState(context, home, steps);
    for (const folder of [home.root, home.keys, home.manifests, home.hashes]) {
      await sweepUnfinished(folder, log);
    }
    const keys = await KeyRing.open(context, home);
    const identity = await openIdentity(keys, home, version === 0, log);
    // Last: a folder with a version has everything that belongs to one.
    if (version !== steps.length) await writeVersion(home, steps.length);
    if (!existsSync(home.running)) await writeFileDurably(home.running, Buffer.from(`${process.pid}\n`));
    const opened = database;
    return {
      home,
      database,
      keys,
      identity,
      close() {
        try {
          opened.exec('PRAGMA wal_checkpoint(TRUNCATE)');
          opened.close();
          rmSync(home.running, { force: true });
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    database?.close();
    lock.release();
    throw error;
  }
}
