import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../../errors.ts';
import type { Home } from './home.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

/** The claim of one store on its data folder. */
export interface HomeLock {
  release(): void;
}

/**
 * Claims the data folder by an exclusive SQLite lock, which the system itself takes back when the process ends, however
 * it ends. `E_HOME_LOCKED` while somebody else has it, with the holder's process id where it is known: that stands in a
 * file of its own, because a locked database cannot be read.
 */
export function lockHome(home: Home): HomeLock {
  const database = new DatabaseSync(home.lock, { timeout: 0, open: false });
  try {
    database.open();
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    if (database.isOpen) database.close();
    if (!isBusy(error)) {
      const cause = sqliteFailure(error, home.lock);
      if (cause === error) throw error;
      throw failure('E_HOME_UNUSABLE', 'the lock of the data folder cannot be used', {
        subject: home.lock,
        cause,
      });
    }
    throw failure('E_HOME_LOCKED', `another node runs on this data folder${holderOf(home)}`, {
      subject: home.root,
    });
  }
  writeFileSync(home.holder, `${process.pid}\n`, { mode: 0o600 });
  return {
    release() {
      rmSync(home.holder, { force: true });
      database.close();
    },
  };
}

function holderOf(home: Home): string {
  try {
    const pid = Number(readFileSync(home.holder, 'latin1').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? ` (process ${pid})` : '';
  } catch {
    // The holder has not written it yet, or just went.
    return '';
  }
}
