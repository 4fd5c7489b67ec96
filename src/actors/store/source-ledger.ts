import { toHex } from '../../protocol/crypto/bytes.ts';
import type { ContentSource, GoneSource, Hex, JudgedSource, Lease } from '../content-types.ts';
import { type ContentRow, contentOf, nextLeaseEpoch } from './content-rows.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';

/** A source with what makes its hash list known again. */
export interface LedgerSource extends ContentSource {
  readonly inside: string | null;
  readonly chunkCount: number;
  readonly chunkListHash: Hex;
}

interface SourceRow extends ContentRow {
  readonly share: number;
  readonly chunk_count: number;
  readonly chunk_list_hash: Uint8Array;
  readonly epoch: number;
  readonly gone: number;
  readonly inside: string | null;
  readonly damaged: number;
}

/** What a page of a list is told of each of its files. */
const PLACE = 's.share, s.content_id, s.path, s.size, s.mtime_ns, s.ctime_ns, s.inode, s.damaged';
type PlaceRow = ContentRow & Pick<SourceRow, 'share' | 'damaged'>;

/** Rows in one answer. */
const PAGE = 1000;

/** Where the contents of own shares lie on this disk. */
export class SourceLedger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Sources of a share in the order of their paths. */
  ofShare(share: number): readonly LedgerSource[] {
    return this.#rows(share).map((row) => ({
      ...contentOf(row),
      inside: row.inside,
      chunkCount: row.chunk_count,
      chunkListHash: toHex(row.chunk_list_hash),
    }));
  }

  /**
   * Makes these the sources of the share; what looks as before keeps its epoch, and what is damaged and looks as before
   * stays so. Inside a transaction. The contents whose leases are void now.
   */
  replace(share: number, sources: readonly LedgerSource[]): ReadonlySet<Hex> {
    const before = new Map(this.#rows(share).map((row) => [row.path, row]));
    const voided = new Set<Hex>();
    let epoch: number | null = null;
    for (const source of sources) {
      const known = before.get(source.path);
      before.delete(source.path);
      if (known !== undefined && (known.gone === 0 || known.damaged === 1)) {
        if (sameLook(known, source)) {
          if (known.inside !== source.inside) this.#rename(share, source);
          continue;
        }
        voided.add(toHex(known.content_id));
      }
      epoch ??= nextLeaseEpoch(this.#database);
      this.#put(share, source, epoch);
    }
    for (const row of before.values()) {
      this.#database.run('DELETE FROM sources WHERE share = ? AND path = ?', share, row.path);
      voided.add(toHex(row.content_id));
    }
    return voided;
  }

  /** Of several sources the one that was seen last; null when there is none. */
  lease(contentId: Uint8Array): Lease | null {
    const row = this.#database.get<SourceRow>(
      'SELECT * FROM sources WHERE content_id = ? AND gone = 0 ORDER BY epoch DESC LIMIT 1',
      contentId,
    );
    return row === undefined ? null : { ...contentOf(row), epoch: row.epoch };
  }

  /** Inside a transaction. False when that source is not what it was at this epoch any more: the news is old. */
  markGone(contentId: Uint8Array, path: string, epoch: number): boolean {
    const row = this.#database.get<{ share: number }>(
      'SELECT share FROM sources WHERE content_id = ? AND path = ? AND epoch = ? AND gone = 0',
      contentId,
      path,
      epoch,
    );
    if (row === undefined) return false;
    this.#database.run(
      'UPDATE sources SET gone = 1, epoch = ? WHERE share = ? AND path = ?',
      nextLeaseEpoch(this.#database),
      row.share,
      path,
    );
    return true;
  }

  /** By their paths in the share. */
  at(share: number, inside: readonly string[]): readonly (JudgedSource | null)[] {
    // Whoever asks has a page of one volume: where one file is, the next one is too, and a hundred others are not asked.
    let volume = share;
    return inside.slice(0, PAGE).map((path) => {
      const row = this.#inVolume(volume, path) ?? this.#inAnyVolume(share, path);
      if (row === undefined) return null;
      volume = row.share;
      return { ...contentOf(row), damaged: row.damaged === 1 };
    });
  }

  #inVolume(volume: number, path: string): PlaceRow | undefined {
    return this.#database.get<PlaceRow>(
      `SELECT ${PLACE} FROM sources s INDEXED BY sources_by_inside WHERE share = ? AND inside = ? LIMIT 1`,
      volume,
      path,
    );
  }

  #inAnyVolume(share: number, path: string): PlaceRow | undefined {
    return this.#database.get<PlaceRow>(
      // Left to itself, SQLite goes through all files of each share.
      `SELECT ${PLACE} FROM own_shares o CROSS JOIN sources s INDEXED BY sources_by_inside ON s.share = o.id AND s.inside = ?2
       WHERE o.id = ?1 OR o.parent = ?1 LIMIT 1`,
      share,
      path,
    );
  }

  /** A page of those that were not what they should be, in an order that does not change. */
  gone(after: { readonly place: number; readonly path: string }): readonly GoneSource[] {
    return this.#database
      .all<SourceRow & { share_id: Uint8Array }>(
        `SELECT s.*, r.share_id FROM sources s JOIN own_shares o ON o.id = s.share
         JOIN own_shares r ON r.id = coalesce(o.parent, o.id)
         WHERE s.gone = 1 AND (s.share, s.path) > (?, ?) ORDER BY s.share, s.path LIMIT ?`,
        after.place,
        after.path,
        PAGE,
      )
      .map((row) => ({
        ...contentOf(row),
        damaged: row.damaged === 1,
        shareId: toHex(row.share_id),
        epoch: row.epoch,
        place: row.share,
      }));
  }

  /** Inside a transaction. False when something else became of it meanwhile. */
  markBack(contentId: Uint8Array, path: string, epoch: number): boolean {
    const back = this.#database.run(
      `UPDATE sources SET gone = 0, epoch = ?
       WHERE content_id = ? AND path = ? AND epoch = ? AND gone = 1 AND damaged = 0`,
      nextLeaseEpoch(this.#database),
      contentId,
      path,
      epoch,
    );
    return back > 0;
  }

  /** Inside a transaction. The contents whose leases are void now. */
  removeAll(share: number): ReadonlySet<Hex> {
    const rows = this.#database.all<{ content_id: Uint8Array }>(
      'DELETE FROM sources WHERE share = ? RETURNING content_id',
      share,
    );
    return new Set(rows.map((row) => toHex(row.content_id)));
  }

  #rename(share: number, { path, inside }: LedgerSource): void {
    this.#database.run('UPDATE sources SET inside = ? WHERE share = ? AND path = ?', inside, share, path);
  }

  #rows(share: number): readonly SourceRow[] {
    return this.#database.all<SourceRow>('SELECT * FROM sources WHERE share = ? ORDER BY path', share);
  }

  #put(share: number, source: LedgerSource, epoch: number): void {
    this.#database.run(
      `INSERT OR REPLACE INTO sources
         (share, path, content_id, size, mtime_ns, ctime_ns, inode, chunk_count, chunk_list_hash, epoch, gone, inside,
          damaged)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0)`,
      share,
      source.path,
      idOctets(source.contentId, 'content id'),
      source.size,
      String(source.mtimeNs),
      String(source.ctimeNs),
      String(source.inode),
      source.chunkCount,
      idOctets(source.chunkListHash, 'chunk list hash'),
      epoch,
      source.inside,
    );
  }
}

function sameLook(row: SourceRow, source: LedgerSource): boolean {
  return (
    toHex(row.content_id) === source.contentId &&
    row.size === source.size &&
    row.mtime_ns === String(source.mtimeNs) &&
    row.ctime_ns === String(source.ctimeNs) &&
    row.inode === String(source.inode)
  );
}
