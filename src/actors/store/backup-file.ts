import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../../errors.ts';
import { UNFINISHED } from './durable-file.ts';

// A backup is one SQLite file: the node's state as it was, and a table of the files beside it. Whoever opens it sees what
// is in it, and SQLite itself tells whether it is whole.

/** Version of the form of backups. */
export const BACKUP_VERSION = 1;

export const BACKUP_TABLES = `
  CREATE TABLE granary_backup (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE granary_files (path TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
`;

/** Files beside the folders; the database itself is the state. */
const SINGLE_FILES = ['config.toml'] as const;

export interface BackupOrder {
  /** The data folder. */
  readonly root: string;
  /** Absolute path of the file to be made. */
  readonly target: string;
  readonly hashLists: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

export interface BackupMade {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Makes a backup of a data folder that is in use: the state by a reader of its own, so that the writer goes on
 * meanwhile. The name appears when the file is whole and durable. Blocks its thread; throws what Node and SQLite throw,
 * and `E_PATH_INVALID` for a name that is taken.
 */
export function writeBackup({ root, target, hashLists, facts }: BackupOrder): BackupMade {
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw failure('E_PATH_INVALID', 'there is a file of that name', {
      subject: target,
      next: 'name a folder, or a file that is not there yet',
    });
  }
  const unfinished = `${target}${UNFINISHED}${process.pid}`;
  rmSync(unfinished, { force: true });
  try {
    // SQLite fills an empty file, and keeps its mode.
    writeFileSync(unfinished, '', { mode: 0o600 });
    copyState(join(root, 'state.db'), unfinished);
    const files = addFiles(root, unfinished, hashLists, facts);
    syncPath(unfinished);
    renameSync(unfinished, target);
    syncPath(dirname(target));
    return { bytes: statSync(target).size, files };
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function copyState(state: string, target: string): void {
  const database = new DatabaseSync(state, { readOnly: true, timeout: 10_000 });
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } finally {
    database.close();
  }
}

function addFiles(root: string, target: string, hashLists: boolean, facts: BackupOrder['facts']): number {
  const database = new DatabaseSync(target);
  try {
    // Nothing of it counts before it is whole: it is synced once, at the end.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN');
    database.exec(BACKUP_TABLES);
    const fact = database.prepare('INSERT INTO granary_backup VALUES (?, ?)');
    for (const [name, value] of Object.entries({ version: String(BACKUP_VERSION), ...facts }))
      fact.run(name, value);
    const file = database.prepare('INSERT INTO granary_files VALUES (?, ?)');
    let files = 0;
    for (const path of pathsOf(database, root, hashLists)) {
      const content = contentOf(join(root, path));
      if (content === null) continue;
      file.run(path, content);
      files++;
    }
    database.exec('COMMIT');
    const [check] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (check?.quick_check !== 'ok') {
      throw failure('E_BACKUP_INVALID', `the copy is damaged: ${check?.quick_check}`, { subject: target });
    }
    return files;
  } finally {
    database.close();
  }
}

/** By the rows of the copy itself: what came later is not in it. */
function* pathsOf(database: DatabaseSync, root: string, hashLists: boolean): Generator<string> {
  yield* SINGLE_FILES;
  for (const name of readdirSync(join(root, 'keys'))) if (!name.includes(UNFINISHED)) yield `keys/${name}`;
  const ids = (sql: string) => database.prepare(sql).all() as { id: string }[];
  for (const { id } of ids('SELECT lower(hex(manifest_id)) AS id FROM manifests')) yield `manifests/${id}`;
  if (!hashLists) return;
  for (const { id } of ids(
    'SELECT DISTINCT lower(hex(content_id)) AS id FROM sources WHERE chunk_count > 1',
  )) {
    yield `hashes/${id}`;
  }
}

/** Null for what is gone since: a newer revision has replaced it. */
function contentOf(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
