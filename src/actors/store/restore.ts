import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../../errors.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { BACKUP_VERSION } from './backup-file.ts';
import { syncFolder, UNFINISHED, writeFileDurably } from './durable-file.ts';
import { type Home, tooNew } from './home.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** What a backup says of itself. */
export interface BackupFacts {
  /** Unix seconds. */
  readonly madeAt: number;
  readonly keys: 'keyfile' | 'passphrase' | 'plain';
}

/** There while a restore is not finished: what lies in the folder then is no node. */
const marker = (home: Home): string => join(home.root, 'restore.unfinished');
/** What a backup may put into a data folder: nothing that leads out of it. */
const FILE = /^(config\.toml|keys\/[a-z0-9.-]+|manifests\/[0-9a-f]{64}|hashes\/[0-9a-f]{64})$/;

/** `E_HOME_UNUSABLE` when a restore into this folder was cut off. */
export function checkRestored(home: Home): void {
  if (!existsSync(marker(home))) return;
  throw failure('E_HOME_UNUSABLE', 'a restore into this data folder did not come to its end', {
    subject: home.root,
    next: 'run granary restore again',
  });
}

/**
 * Fills a data folder that holds no node from a backup. Nothing counts before `finishRestore`; cut off, it is run again.
 * `E_BACKUP_INVALID` for what is no backup or a damaged one, `E_HOME_NEWER` for one of a newer version, `E_USAGE` when
 * there is a node in the folder.
 */
export async function restoreBackup(file: string, home: Home, known: number, log: Log): Promise<BackupFacts> {
  if (existsSync(join(home.root, 'VERSION'))) {
    throw failure('E_USAGE', 'there is a node in that data folder already', {
      subject: home.root,
      next: 'name an empty folder with --home, or move the old one aside',
    });
  }
  const facts = checkBackup(file, home, known);
  await writeFileDurably(marker(home), Buffer.from(`${file}\n`));
  const state = `${home.state}${UNFINISHED}restore`;
  await copyFile(file, state);
  const database = new DatabaseSync(state);
  try {
    const rows = database.prepare('SELECT path, content FROM granary_files').iterate();
    let files = 0;
    for (const row of rows as Iterable<{ path: string; content: Uint8Array }>) {
      if (!FILE.test(row.path)) throw invalid(file, `it holds a file ${row.path}`);
      const path = join(home.root, row.path);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, row.content, { mode: 0o600, flush: true });
      files++;
    }
    database.exec('DROP TABLE granary_files; DROP TABLE granary_backup; VACUUM');
    log.info({ file, files }, 'the files of the backup are in their places');
  } finally {
    database.close();
  }
  for (const folder of [home.keys, home.manifests, home.hashes]) await syncFolder(folder);
  renameSync(state, home.state);
  await syncFolder(home.root);
  return facts;
}

/** From here on the folder is a node's. */
export async function finishRestore(home: Home): Promise<void> {
  rmSync(marker(home), { force: true });
  await syncFolder(home.root);
}

function checkBackup(file: string, home: Home, known: number): BackupFacts {
  if (!existsSync(file)) throw failure('E_PATH_INVALID', 'there is no such backup', { subject: file });
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const [check] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (check?.quick_check !== 'ok') throw invalid(file, String(check?.quick_check));
    const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'granary_backup'").get();
    if (table === undefined) throw invalid(file, 'it is a database, and no backup of a node');
    const rows = database.prepare('SELECT name, value FROM granary_backup').all() as {
      name: string;
      value: string;
    }[];
    const facts = new Map(rows.map(({ name, value }) => [name, value]));
    const { user_version: schema } = database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (schema > known || Number(facts.get('version')) > BACKUP_VERSION) throw tooNew(home, schema, known);
    const keys = facts.get('keys');
    const madeAt = Number(facts.get('made_at'));
    if ((keys !== 'keyfile' && keys !== 'passphrase' && keys !== 'plain') || !Number.isSafeInteger(madeAt)) {
      throw invalid(file, 'what it says of itself is not understood');
    }
    return { madeAt, keys };
  } catch (error) {
    const known = sqliteFailure(error, file);
    throw known === error ? error : invalid(file, (known as ActorError).message);
  } finally {
    database?.close();
  }
}

const invalid = (file: string, reason: string): ActorError =>
  failure('E_BACKUP_INVALID', `this backup cannot be used: ${reason}`, { subject: file });
