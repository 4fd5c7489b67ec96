import { failure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { FileProgress, StoredFile, StoredTransfer, TransferOptions } from '../ledger-types.ts';
import type { Database, SqlValue } from './database.ts';
import { idOctets } from './hex-ids.ts';

/** Transfers that are done stay to be seen; of more than so many the oldest are forgotten. */
const KEPT_DONE = 1_000;
/** Octets of the digest beside a map of chunks: enough to see that one of them is torn. */
const DIGEST_LENGTH = 8;

interface TransferRow {
  readonly id: string;
  readonly target: string;
  readonly directory: string;
  readonly options: string;
  readonly state: StoredTransfer['state'];
  readonly priority: number;
  readonly added: number;
  readonly error: string | null;
  readonly planned: number;
  readonly share_ids: string;
  readonly folders: string;
  readonly content_id: string | null;
  readonly path: string | null;
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
}

interface FileRow {
  readonly position: number;
  readonly content_id: Uint8Array;
  readonly size: number;
  readonly chunk_list_hash: Uint8Array;
  readonly path: string;
  readonly place: string;
  readonly state: StoredFile['state'];
  readonly have: Uint8Array | null;
  readonly have_digest: Uint8Array | null;
  readonly length: number | null;
  readonly mtime_ns: string | null;
  readonly inode: string | null;
}

/** The ledger of downloads in `progress.db`: what is to come, what has come, and where it lies. */
export class Transfers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In the order in which they were added. */
  list(): readonly StoredTransfer[] {
    return this.#database.all<TransferRow>('SELECT * FROM transfers ORDER BY number').map(transferOf);
  }

  /** Adds it, or changes what is known of it; its files stay. */
  put(transfer: StoredTransfer): void {
    this.#database.transaction(() => this.#put(transfer));
  }

  /** The same, with other files. */
  plan(transfer: StoredTransfer, files: readonly StoredFile[]): void {
    this.#database.transaction(() => {
      this.#put(transfer);
      this.#database.run('DELETE FROM files WHERE transfer = ?', transfer.id);
      for (const file of files) {
        this.#database.run(
          `INSERT INTO files (transfer, position, content_id, size, chunk_list_hash, path, place, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          transfer.id,
          file.position,
          idOctets(file.contentId, 'content id'),
          file.size,
          idOctets(file.chunkListHash, 'chunk list hash'),
          JSON.stringify(file.path),
          JSON.stringify(file.place),
          file.state,
        );
      }
    });
  }

  files(id: string): readonly StoredFile[] {
    return this.#database
      .all<FileRow>('SELECT * FROM files WHERE transfer = ? ORDER BY position', id)
      .map(fileOf);
  }

  /** Changes how far some files are. A transfer or file that is not known any more is passed over. */
  progress(id: string, counts: { files: number; bytes: number }, files: readonly FileProgress[]): void {
    this.#database.transaction(() => {
      this.#database.run(
        'UPDATE transfers SET files = ?, bytes = ? WHERE id = ?',
        counts.files,
        counts.bytes,
        id,
      );
      for (const { position, place, state, have, look } of files) {
        this.#database.run(
          `UPDATE files SET place = ?, state = ?, have = ?, have_digest = ?, length = ?, mtime_ns = ?, inode = ?
           WHERE transfer = ? AND position = ?`,
          JSON.stringify(place),
          state,
          have,
          have && digest(have),
          look?.length ?? null,
          look && String(look.mtimeNs),
          look && String(look.inode),
          id,
          position,
        );
      }
    });
  }

  drop(id: string): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM transfers WHERE id = ?', id);
    });
  }

  #put(transfer: StoredTransfer): void {
    const values: Record<string, SqlValue> = {
      id: transfer.id,
      target: transfer.target,
      directory: transfer.directory,
      options: JSON.stringify(transfer.options),
      state: transfer.state,
      priority: transfer.priority,
      added: transfer.added,
      error: transfer.error && JSON.stringify(transfer.error),
      planned: transfer.planned ? 1 : 0,
      share_ids: JSON.stringify(transfer.shareIds),
      folders: JSON.stringify(transfer.folders),
      content_id: transfer.contentId,
      path: transfer.path,
      files: transfer.files,
      files_total: transfer.filesTotal,
      bytes: transfer.bytes,
      bytes_total: transfer.bytesTotal,
    };
    const names = Object.keys(values);
    this.#database.run(
      `INSERT INTO transfers (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
       ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      ...Object.values(values),
    );
    if (transfer.state !== 'done') return;
    this.#database.run('DELETE FROM files WHERE transfer = ?', transfer.id);
    this.#database.run(
      `DELETE FROM transfers WHERE number IN (
         SELECT number FROM transfers WHERE state = 'done' ORDER BY number DESC LIMIT -1 OFFSET ?)`,
      KEPT_DONE,
    );
  }
}

function transferOf(row: TransferRow): StoredTransfer {
  return {
    id: row.id,
    target: row.target,
    directory: row.directory,
    options: parsed<TransferOptions>(row.options),
    state: row.state,
    priority: row.priority,
    added: row.added,
    error: row.error === null ? null : parsed<ErrorRecord>(row.error),
    planned: row.planned === 1,
    shareIds: parsed<string[]>(row.share_ids),
    folders: parsed<string[]>(row.folders),
    contentId: row.content_id,
    path: row.path,
    files: row.files,
    filesTotal: row.files_total,
    bytes: row.bytes,
    bytesTotal: row.bytes_total,
  };
}

function fileOf(row: FileRow): StoredFile {
  const { have, have_digest: expected, length, mtime_ns: mtime, inode } = row;
  const whole = have !== null && expected !== null && bytesEqual(digest(have), expected);
  const looked = length !== null && mtime !== null && inode !== null;
  return {
    position: row.position,
    contentId: toHex(row.content_id),
    size: row.size,
    chunkListHash: toHex(row.chunk_list_hash),
    path: parsed<string[]>(row.path),
    place: parsed<string[]>(row.place),
    state: row.state,
    have: whole ? have : null,
    look: looked ? { length, mtimeNs: BigInt(mtime), inode: BigInt(inode) } : null,
  };
}

const digest = (have: Uint8Array): Uint8Array => blake3(have).subarray(0, DIGEST_LENGTH);

/** What was written here; text that is no JSON is damage of the file. */
function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw failure('E_STORE', 'a row of progress.db cannot be read', { cause });
  }
}
