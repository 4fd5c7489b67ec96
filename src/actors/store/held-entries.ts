import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Hex } from '../content-types.ts';
import type { FileVerdict, HeldEntry, HeldPage, RecheckPlace, RecheckTotals } from '../recheck-types.ts';
import { type ContentRow, contentOf, nextLeaseEpoch } from './content-rows.ts';
import type { Database, SqlValue } from './database.ts';
import { idOctets } from './hex-ids.ts';

/** Files in one answer. */
const PAGE = 1000;

interface EntryRow extends ContentRow {
  readonly share: number | null;
  readonly share_id: Uint8Array | null;
  readonly chunk_count: number;
  readonly chunk_list_hash: Uint8Array;
  readonly epoch: number;
  readonly gone: number;
  readonly damaged: number;
  readonly adopted: number;
}

/** Rows of a share, own and subscribed; null: it is not. Without one: every share. */
interface Scope {
  readonly own: number | null;
  readonly subscribed: number | null;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

const OF_SUBSCRIBED = `EXISTS (SELECT 1 FROM items i JOIN subscriptions u ON u.manifest = i.manifest
  WHERE i.content_id = h.content_id AND (u.id = ? OR u.parent = ?))`;

/** Every file this node holds: those of own shares, then what was downloaded or found here, each in the order of paths. */
export class HeldEntries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `E_NOT_FOUND` for a share that is neither published nor subscribed. */
  totals(shareId: Hex | null): RecheckTotals {
    const scope = this.#scope(shareId);
    const sums =
      'count(*) AS items, coalesce(sum(chunk_count), 0) AS chunks, coalesce(sum(size), 0) AS bytes';
    const [ofOwn, ofSubscribed] = conditions(scope, 's.share');
    const own = this.#database.get<RecheckTotals>(
      `SELECT ${sums} FROM sources s WHERE ${ofOwn.sql}`,
      ...ofOwn.values,
    )!;
    const held = this.#database.get<RecheckTotals>(
      `SELECT ${sums} FROM held h WHERE ${ofSubscribed.sql}`,
      ...ofSubscribed.values,
    )!;
    return {
      items: own.items + held.items,
      chunks: own.chunks + held.chunks,
      bytes: own.bytes + held.bytes,
    };
  }

  /**
   * Some of those behind `after`, and where the next ones are; null: that was all. None may come although there are more:
   * of a share that holds little of what lies here, many are looked at for each.
   */
  page(shareId: Hex | null, after: RecheckPlace | null, limit: number): HeldPage {
    const scope = this.#scope(shareId);
    const most = Math.max(1, Math.min(limit, PAGE));
    if (after === null || after.place !== null) {
      const own = this.#ofOwn(scope, after, most);
      if (own.length > 0) return pageOf(own, own.at(-1)!);
      return this.#ofOthers(scope, '', most);
    }
    return this.#ofOthers(scope, after.path, most);
  }

  #ofOwn(
    scope: Scope | null,
    after: { place: number | null; path: string } | null,
    limit: number,
  ): readonly EntryRow[] {
    const [condition] = conditions(scope, 's.id');
    const shares = this.#database.all<{ id: number; share_id: Uint8Array }>(
      `SELECT s.id, r.share_id FROM own_shares s JOIN own_shares r ON r.id = coalesce(s.parent, s.id)
       WHERE s.id >= ? AND ${condition.sql} ORDER BY s.id`,
      after?.place ?? 0,
      ...condition.values,
    );
    for (const share of shares) {
      const rows = this.#database.all<EntryRow>(
        'SELECT *, 0 AS adopted FROM sources WHERE share = ? AND path > ? ORDER BY path LIMIT ?',
        share.id,
        share.id === after?.place ? after.path : '',
        limit,
      );
      if (rows.length > 0) return rows.map((row) => ({ ...row, share_id: share.share_id }));
    }
    return [];
  }

  #ofOthers(scope: Scope | null, after: string, limit: number): HeldPage {
    const [, condition] = conditions(scope, 's.id');
    const rows = this.#database.all<EntryRow & { readonly wanted: number }>(
      `SELECT h.*, NULL AS share, NULL AS share_id, ${condition.sql} AS wanted FROM held h
       WHERE path > ? ORDER BY path LIMIT ?`,
      ...condition.values,
      after,
      limit,
    );
    const last = rows.at(-1);
    if (last === undefined) return { entries: [], next: null };
    return pageOf(
      rows.filter(({ wanted }) => wanted === 1),
      last,
    );
  }

  /** Whether a file of an own share lies there, and the content of the download that is held there. */
  holderOf(path: string): { published: boolean; contentId: Hex | null } {
    const sql = 'SELECT 1 FROM own_shares o JOIN sources s ON s.share = o.id AND s.path = ? LIMIT 1';
    const held = this.#database.get<{ content_id: Uint8Array }>(
      'SELECT content_id FROM held WHERE path = ?',
      path,
    );
    return {
      published: this.#database.get(sql, path) !== undefined,
      contentId: held === undefined ? null : toHex(held.content_id),
    };
  }

  /**
   * What a recheck saw counts from here on: a file that is right is served, as it looks now; one that is not is not. Old
   * news changes nothing. Inside a transaction; the contents whose leases are void now.
   */
  judge(verdicts: readonly FileVerdict[]): ReadonlySet<Hex> {
    const voided = new Set<Hex>();
    if (verdicts.length === 0) return voided;
    const epoch = nextLeaseEpoch(this.#database);
    for (const verdict of verdicts) {
      const { place, path, contentId, right, damaged } = verdict;
      const values: Record<string, SqlValue> = {
        epoch,
        gone: right === null ? 1 : 0,
        damaged: damaged ? 1 : 0,
        ...(right && {
          mtime_ns: String(right.mtimeNs),
          ctime_ns: String(right.ctimeNs),
          inode: String(right.inode),
        }),
      };
      const names = Object.keys(values).map((name) => `${name} = ?`);
      const changed = this.#database.run(
        `UPDATE ${place === null ? 'held' : 'sources'} SET ${names.join(', ')}
         WHERE path = ? AND content_id = ? AND epoch = ?${place === null ? '' : ' AND share = ?'}`,
        ...Object.values(values),
        path,
        idOctets(contentId, 'content id'),
        verdict.epoch,
        ...(place === null ? [] : [place]),
      );
      if (changed > 0) voided.add(contentId.toLowerCase());
    }
    return voided;
  }

  #scope(shareId: Hex | null): Scope | null {
    if (shareId === null) return null;
    const id = idOctets(shareId, 'share id');
    const row = (table: string) =>
      this.#database.get<{ id: number }>(`SELECT id FROM ${table} WHERE share_id = ?`, id)?.id ?? null;
    const scope = { own: row('own_shares'), subscribed: row('subscriptions') };
    if (scope.own !== null || scope.subscribed !== null) return scope;
    throw failure('E_NOT_FOUND', 'neither published nor subscribed here', { subject: shareId });
  }
}

/** Of own files, by the column with the row of their share, and of the others. */
function conditions(scope: Scope | null, share: string): readonly [Condition, Condition] {
  const of = (sql: string, id: number | null): Condition => ({ sql, values: [id, id] });
  if (scope === null) {
    const all = { sql: '1', values: [] };
    return [all, all];
  }
  return [
    of(`${share} IN (SELECT id FROM own_shares WHERE id = ? OR parent = ?)`, scope.own),
    of(OF_SUBSCRIBED, scope.subscribed),
  ];
}

const pageOf = (rows: readonly EntryRow[], last: EntryRow): HeldPage => ({
  entries: rows.map(entryOf),
  next: { place: last.share, path: last.path },
});

function entryOf(row: EntryRow): HeldEntry {
  return {
    place: row.share,
    shareId: row.share_id && toHex(row.share_id),
    ...contentOf(row),
    chunkCount: row.chunk_count,
    chunkListHash: toHex(row.chunk_list_hash),
    epoch: row.epoch,
    gone: row.gone === 1,
    damaged: row.damaged === 1,
    adopted: row.adopted === 1,
  };
}
