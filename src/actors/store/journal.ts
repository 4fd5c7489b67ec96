import { toHex } from '../../protocol/crypto/bytes.ts';
import { chunkCount } from '../../protocol/objects/chunks.ts';
import type { Hex, ShareSource } from '../content-types.ts';
import { type ContentRow, contentOf } from './content-rows.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';

/** A publish that is not run again for so long is not run again. */
const KEPT_SECONDS = 30 * 86_400;
/** Paths in one question. */
const PAGE = 1000;

export interface JournalEntry extends Omit<ShareSource, 'inside' | 'hashed' | 'chunkCount'> {}

interface Row extends ContentRow {
  readonly chunk_list_hash: Uint8Array;
}

/** Files that were hashed for a revision that is not committed yet: a publish that was cut off goes on from here. */
export class Journal {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In one transaction; the hash lists are on the disk before. `now` in unix seconds. */
  keep(entries: readonly JournalEntry[], now: number): void {
    this.#database.groupedTransaction(() => {
      for (const entry of entries) {
        this.#database.run(
          `INSERT OR REPLACE INTO journal
             (path, content_id, size, mtime_ns, ctime_ns, inode, chunk_list_hash, at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          entry.path,
          idOctets(entry.contentId, 'content id'),
          entry.size,
          String(entry.mtimeNs),
          String(entry.ctimeNs),
          String(entry.inode),
          idOctets(entry.chunkListHash, 'chunk list hash'),
          now,
        );
      }
    });
  }

  /** What is known of these paths. `hashed`: whether their hash list is at hand. */
  of(paths: readonly string[], hashed: (contentId: Hex, chunks: number) => boolean): readonly ShareSource[] {
    if (this.isEmpty) return [];
    return paths.slice(0, PAGE).flatMap((path) => {
      const row = this.#database.get<Row>('SELECT * FROM journal WHERE path = ?', path);
      if (row === undefined) return [];
      const content = contentOf(row);
      const chunks = chunkCount(row.size);
      return {
        ...content,
        inside: null,
        chunkCount: chunks,
        chunkListHash: toHex(row.chunk_list_hash),
        hashed: hashed(content.contentId, chunks),
      };
    });
  }

  /** They are in a revision now. Inside its transaction. */
  drop(paths: Iterable<string>): void {
    if (this.isEmpty) return;
    for (const path of paths) this.#database.run('DELETE FROM journal WHERE path = ?', path);
  }

  /** Forgets what nobody came back for. */
  sweep(now: number): void {
    if (this.isEmpty) return;
    this.#database.transaction(() =>
      this.#database.run('DELETE FROM journal WHERE at < ?', now - KEPT_SECONDS),
    );
  }

  get isEmpty(): boolean {
    return this.#database.get('SELECT 1 FROM journal LIMIT 1') === undefined;
  }
}
