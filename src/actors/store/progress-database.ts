import { existsSync, renameSync, rmSync } from 'node:fs';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { StoreContext } from './context.ts';
import { Database } from './database.ts';
import { type Home, tooNew } from './home.ts';
import { migrate, schemaVersion } from './migrations.ts';
import { PROGRESS_MIGRATIONS } from './progress-migrations.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/**
 * Opens `progress.db`. A damaged one is set aside and begun anew: what is lost is how far downloads were, and that is
 * no reason for a node not to start. `E_HOME_NEWER` when a newer version wrote it.
 */
export function openProgress(
  context: Pick<StoreContext, 'log' | 'metrics'>,
  home: Home,
  unclean: boolean,
): Database {
  try {
    return open(context, home, unclean);
  } catch (error) {
    const known = sqliteFailure(error, home.progress);
    const damaged = known instanceof Damaged || (known instanceof ActorError && known.code === 'E_STORE');
    if (!damaged) throw known;
    const aside = `${home.progress}.damaged`;
    context.log.error(
      { path: home.progress, aside, reason: (known as Error).message },
      'progress.db is damaged: set aside, downloads that were under way are forgotten',
    );
    renameSync(home.progress, aside);
    for (const suffix of ['-wal', '-shm']) rmSync(home.progress + suffix, { force: true });
    return open(context, home, false);
  }
}

class Damaged extends Error {}

function open({ metrics }: Pick<StoreContext, 'metrics'>, home: Home, check: boolean): Database {
  const looked = check && existsSync(home.progress);
  const database = new Database(home.progress, { committed: () => metrics.add('commits', 1) });
  try {
    if (looked) {
      const [first] = database.all<{ quick_check: string }>('PRAGMA quick_check(1)');
      if (first?.quick_check !== 'ok') throw new Damaged(first?.quick_check ?? 'no answer');
    }
    const version = schemaVersion(database);
    if (version > PROGRESS_MIGRATIONS.length) throw tooNew(home, version, PROGRESS_MIGRATIONS.length);
    migrate(database, PROGRESS_MIGRATIONS);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
