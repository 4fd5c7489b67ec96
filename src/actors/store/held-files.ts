import { toHex } from '../../protocol/crypto/bytes.ts';
import type { GoneSource, HeldFile, Hex, Lease } from '../content-types.ts';
import { type ContentRow, contentOf, nextLeaseEpoch } from './content-rows.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';

interface HeldRow extends ContentRow {
  readonly epoch: number;
  readonly damaged: number;
}

/** Rows in one answer. */
const PAGE = 1000;

/** Contents of other publishers that lie on this disk: what was downloaded, and what was found here. */
export class HeldFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A path holds one content: what lay there before is forgotten. Inside a transaction. Contents with other leases now. */
  hold(files: readonly HeldFile[]): ReadonlySet<Hex> {
    const voided = new Set<Hex>();
    const epoch = nextLeaseEpoch(this.#database);
    for (const file of files) {
      const before = this.#database.get<HeldRow>('SELECT * FROM held WHERE path = ?', file.path);
      if (before !== undefined) voided.add(toHex(before.content_id));
      this.#database.run(
        `INSERT OR REPLACE INTO held
           (path, content_id, size, mtime_ns, ctime_ns, inode, chunk_count, chunk_list_hash, epoch, gone, damaged,
            adopted)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`,
        file.path,
        idOctets(file.contentId, 'content id'),
        file.size,
        String(file.mtimeNs),
        String(file.ctimeNs),
        String(file.inode),
        file.chunkCount,
        idOctets(file.chunkListHash, 'chunk list hash'),
        epoch,
        file.adopted ? 1 : 0,
      );
    }
    return voided;
  }

  /** The one that was found last; null when there is none. */
  lease(contentId: Uint8Array): Lease | null {
    const row = this.#database.get<HeldRow>(
      'SELECT * FROM held WHERE content_id = ? AND gone = 0 ORDER BY epoch DESC, path LIMIT 1',
      contentId,
    );
    return row === undefined ? null : leaseOf(row);
  }

  /** Not served any more; a recheck looks at it again. Inside a transaction. False: it is not held there, or not since that epoch. */
  markGone(contentId: Uint8Array, path: string, epoch: number): boolean {
    const gone = this.#database.run(
      'UPDATE held SET gone = 1 WHERE content_id = ? AND path = ? AND epoch = ? AND gone = 0',
      contentId,
      path,
      epoch,
    );
    return gone > 0;
  }

  /** A page of those that were not what they should be. */
  gone(after: string): readonly GoneSource[] {
    return this.#database
      .all<HeldRow>('SELECT * FROM held WHERE gone = 1 AND path > ? ORDER BY path LIMIT ?', after, PAGE)
      .map((row) => ({ ...leaseOf(row), damaged: row.damaged === 1, shareId: null, place: null }));
  }

  /** Inside a transaction. False when something else became of it meanwhile. */
  markBack(contentId: Uint8Array, path: string, epoch: number): boolean {
    const back = this.#database.run(
      'UPDATE held SET gone = 0 WHERE content_id = ? AND path = ? AND epoch = ? AND gone = 1 AND damaged = 0',
      contentId,
      path,
      epoch,
    );
    return back > 0;
  }

  /** Inside a transaction. */
  forget(contentId: Uint8Array, path: string, epoch: number): boolean {
    const sql = 'DELETE FROM held WHERE content_id = ? AND path = ? AND epoch = ?';
    return this.#database.run(sql, contentId, path, epoch) > 0;
  }
}

const leaseOf = (row: HeldRow): Lease => ({ ...contentOf(row), epoch: row.epoch });
