import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { StoreContext } from './context.ts';
import { Database } from './database.ts';
import { syncFolder, UNFINISHED } from './durable-file.ts';
import { GroupSync, WriteAheadLog } from './group-sync.ts';
import { type Home, tooNew } from './home.ts';
import { migrate, schemaVersion } from './migrations.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/**
 * Opens `state.db` and brings it to the last of `steps`; an older one is copied to `state.db.v<its version>` first.
 * After an unclean stop it is checked. `E_HOME_NEWER` when it is beyond `steps`, `E_HOME_UNUSABLE` when it is damaged.
 */
export async function openState(
  context: Pick<StoreContext, 'log' | 'metrics'>,
  home: Home,
  steps: readonly string[],
): Promise<Database> {
  let database: Database | null = null;
  try {
    database = new Database(home.state, {
      committed: () => context.metrics.add('commits', 1),
      sync: new GroupSync(new WriteAheadLog(home.state), () => context.metrics.add('syncs', 1)),
    });
    if (existsSync(home.running)) {
      context.log.warn({ home: home.root }, 'the last stop was not a clean one: state.db is checked');
      quickCheck(database, home);
    }
    const version = schemaVersion(database);
    if (version > steps.length) throw tooNew(home, version, steps.length);
    if (version > 0 && version < steps.length) {
      const copy = await copyBefore(database, home, version);
      context.log.info({ from: version, to: steps.length, copy }, 'state.db is brought to a newer version');
    }
    migrate(database, steps);
    return database;
  } catch (error) {
    database?.close();
    const known = sqliteFailure(error, home.state);
    throw known === error ? error : damaged(home, known as ActorError);
  }
}

function quickCheck(database: Database, home: Home): void {
  const [first] = database.all<{ quick_check: string }>('PRAGMA quick_check(1)');
  if (first?.quick_check !== 'ok') throw damaged(home, new Error(first?.quick_check ?? 'no answer'));
}

function damaged(home: Home, cause: Error & { code?: string }): unknown {
  if (cause.code === 'E_NO_SPACE') return cause;
  return failure('E_HOME_UNUSABLE', `the data folder's state.db cannot be used: ${cause.message}`, {
    subject: home.state,
    next: 'check the disk, then restore state.db from a backup',
    cause,
  });
}

/** A whole copy, durable under its name before anything is changed. */
async function copyBefore(database: Database, home: Home, version: number): Promise<string> {
  const copy = `${home.state}.v${version}`;
  const unfinished = `${copy}${UNFINISHED}copy`;
  rmSync(unfinished, { force: true });
  // SQLite fills an empty file, and keeps its mode.
  writeFileSync(unfinished, '', { mode: 0o600 });
  database.run('VACUUM INTO ?', unfinished);
  renameSync(unfinished, copy);
  await syncFolder(home.root);
  return copy;
}
