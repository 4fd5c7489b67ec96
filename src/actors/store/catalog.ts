import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Hex } from '../content-types.ts';
import type { ItemRow } from '../share-types.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';
import { CURSOR_STEP } from './volumes.ts';

const MAX_LIMIT = 1000;
/** Shares told of that list one content: more are no help to find it. */
const MAX_SHARES_OF_ONE = 64;

export interface StoredItem {
  readonly position: number;
  readonly content_id: Uint8Array;
  readonly size: number;
  readonly name: string;
  readonly path: string | null;
  readonly mime: string | null;
  readonly tags: string | null;
  readonly chunk_count: number;
  readonly chunk_list_hash: Uint8Array;
}

/** A share of which there may be items: own, subscribed, or both. */
export interface KnownShare {
  readonly shareId: Hex;
  readonly name: string | null;
  /** Row of its manifest; null while there is none. */
  readonly manifest: number | null;
}

export interface ItemPage {
  readonly items: readonly ItemRow[];
  /** Cursor of the next page; null: this was the last. */
  readonly next: number | null;
}

/** The items of all shares this node knows. */
export class Catalog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Every own and subscribed share; one that is both comes once, with the newer manifest. */
  shares(): readonly KnownShare[] {
    return this.#shares('');
  }

  share(shareId: Uint8Array): KnownShare | null {
    return this.#shares('WHERE k.share_id = ?', shareId)[0] ?? null;
  }

  /** Of the share and of its volumes. A page does not go over the end of a volume. */
  pageOf(share: KnownShare, cursor: number, limit: number): ItemPage {
    return this.#page(share, '?4 IS NOT NULL', '', cursor, limit);
  }

  /** The file of that path in a share, else the files below it. */
  pageAt(share: KnownShare, path: string, cursor: number, limit: number): ItemPage {
    if (cursor === 0) {
      const { items } = this.#page(share, 'coalesce(path, name) = ?4', path, 0, limit);
      if (items.length > 0) return { items, next: null };
    }
    return this.#page(share, "substr(path, 1, length(?4) + 1) = ?4 || '/'", path, cursor, limit);
  }

  #page(share: KnownShare, where: string, value: string, cursor: number, limit: number): ItemPage {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      throw failure('E_USAGE', `a page has 1 to ${MAX_LIMIT} items, not ${limit}`);
    }
    if (!Number.isSafeInteger(cursor) || cursor < 0) {
      throw failure('E_USAGE', `a cursor is a number from 0 up, not ${cursor}`);
    }
    const manifests = this.#manifestsOf(share);
    let from = cursor % CURSOR_STEP;
    for (let at = Math.floor(cursor / CURSOR_STEP); at < manifests.length; at++) {
      const rows = this.#database.all<StoredItem>(
        `SELECT * FROM items WHERE manifest = ?1 AND position >= ?2 AND ${where} ORDER BY position LIMIT ?3`,
        manifests[at]!,
        from,
        limit + 1,
        value,
      );
      from = 0;
      // Of a collection the share itself has no items.
      if (rows.length === 0) continue;
      const items = rows.slice(0, limit).map((row) => itemRow(share.shareId, row));
      const more = rows[limit]?.position;
      if (more !== undefined) return { items, next: at * CURSOR_STEP + more };
      return { items, next: at + 1 < manifests.length ? (at + 1) * CURSOR_STEP : null };
    }
    return { items: [], next: null };
  }

  /** The file of that path and content; null: it is not in the share any more. */
  itemOf(share: KnownShare, path: string, contentId: Hex): ItemRow | null {
    const manifests = new Set(this.#manifestsOf(share));
    const row = this.#database
      .all<StoredItem & { manifest: number }>(
        'SELECT * FROM items WHERE content_id = ? AND coalesce(path, name) = ?',
        idOctets(contentId, 'content id'),
        path,
      )
      .find(({ manifest }) => manifests.has(manifest));
    return row === undefined ? null : itemRow(share.shareId, row);
  }

  /** That of the share, then those of its volumes in their order. */
  #manifestsOf({ shareId, manifest }: KnownShare): readonly number[] {
    const table = this.#database.get(
      'SELECT 1 FROM own_shares WHERE manifest = ? AND withdrawn = 0',
      manifest,
    )
      ? 'own_shares'
      : 'subscriptions';
    const volumes = this.#database.all<{ manifest: number }>(
      `SELECT v.manifest FROM ${table} v JOIN ${table} r ON r.id = v.parent
       WHERE r.share_id = ? AND v.manifest IS NOT NULL ORDER BY v.volume`,
      idOctets(shareId, 'share id'),
    );
    return [...(manifest === null ? [] : [manifest]), ...volumes.map((row) => row.manifest)];
  }

  /** Items with that content, one a share: of subscribed shares first, the most trusted of them first. */
  withContent(contentId: Uint8Array): readonly ItemRow[] {
    const rows = this.#database.all<StoredItem & { share_id: Uint8Array }>(
      `SELECT i.*, s.share_id, min(i.position)
       FROM items i JOIN (
         SELECT r.share_id, v.manifest, 0 AS own, r.weight, r.id,
           CASE r.trust WHEN 'trusted' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END AS rank
         FROM subscriptions v JOIN subscriptions r ON r.id = coalesce(v.parent, v.id)
         UNION ALL SELECT r.share_id, v.manifest, 1, 0, r.id, 0
         FROM own_shares v JOIN own_shares r ON r.id = coalesce(v.parent, v.id) WHERE v.withdrawn = 0
       ) s ON s.manifest = i.manifest
       WHERE i.content_id = ? GROUP BY s.own, s.share_id
       ORDER BY s.own, s.rank, s.weight DESC, s.id LIMIT ?`,
      contentId,
      MAX_SHARES_OF_ONE,
    );
    const byShare = new Map<Hex, ItemRow>();
    for (const row of rows) {
      const shareId = toHex(row.share_id);
      if (!byShare.has(shareId)) byShare.set(shareId, itemRow(shareId, row));
    }
    return [...byShare.values()];
  }

  #shares(where: string, ...values: readonly Uint8Array[]): readonly KnownShare[] {
    const rows = this.#database.all<{ share_id: Uint8Array; name: string | null; manifest: number | null }>(
      `SELECT k.share_id, k.name, k.manifest
       FROM (SELECT share_id, name, manifest FROM own_shares WHERE withdrawn = 0 AND parent IS NULL
             UNION ALL SELECT share_id, NULL, manifest FROM subscriptions WHERE parent IS NULL) k
       LEFT JOIN manifests m ON m.id = k.manifest ${where} ORDER BY m.seq DESC NULLS LAST`,
      ...values,
    );
    const byId = new Map<Hex, KnownShare>();
    for (const { share_id, name, manifest } of rows) {
      const shareId = toHex(share_id);
      const known = byId.get(shareId);
      byId.set(
        shareId,
        known === undefined ? { shareId, name, manifest } : { ...known, name: known.name ?? name },
      );
    }
    return [...byId.values()];
  }
}

function itemRow(shareId: Hex, row: StoredItem): ItemRow {
  return {
    shareId,
    contentId: toHex(row.content_id),
    size: row.size,
    name: row.name,
    path: row.path,
    mime: row.mime,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    chunkCount: row.chunk_count,
    chunkListHash: toHex(row.chunk_list_hash),
  };
}
