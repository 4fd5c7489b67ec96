import { setImmediate } from 'node:timers/promises';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { manifestKey } from '../../protocol/objects/dht-keys.ts';
import type { Manifest, ManifestItem } from '../../protocol/objects/manifest.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import type { Hex } from '../content-types.ts';
import type { ListedFile } from './change-log.ts';
import type { Database } from './database.ts';
import { ManifestFiles } from './manifest-files.ts';
import type { SmallFiles } from './small-files.ts';

interface ManifestRow {
  readonly id: number;
  readonly manifest_id: Uint8Array;
  readonly length: number;
  readonly digest: Uint8Array;
}

/** Manifests deleted before others on this thread get their turn. */
const DROPPED_AT_ONCE = 2;

const UNREFERENCED = `
  NOT EXISTS (SELECT 1 FROM own_shares WHERE manifest = manifests.id)
  AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE manifest = manifests.id)`;

/** Manifests with their items: a file and rows each, the file first, the rows in the transaction that makes them count. */
export class ManifestShelf {
  readonly #database: Database;
  readonly #files: ManifestFiles;
  readonly #log: Log;

  constructor(database: Database, folder: string, files: SmallFiles, log: Log) {
    this.#database = database;
    this.#files = new ManifestFiles(folder, files, log);
    this.#log = log;
  }

  /** Drops files without rows, and gives up the rows whose file is gone. For the start. */
  async sweep(): Promise<void> {
    const rows = this.#database.all<ManifestRow>('SELECT id, manifest_id, length, digest FROM manifests');
    const known = new Map(rows.map((row) => [toHex(row.manifest_id), row.id]));
    const left = await this.#files.sweep((name) => known.has(name));
    for (const [manifestId, row] of known) {
      if (left.has(manifestId)) continue;
      this.#log.error({ manifestId }, 'a manifest is gone from the disk');
      this.#giveUp(row);
    }
  }

  /** The encoded manifest; null when there is none, or when what the disk holds is not what was written. */
  async read(manifestId: Uint8Array): Promise<Uint8Array | null> {
    const row = this.#row(manifestId);
    if (row === undefined) return null;
    const octets = await this.#files.read(toHex(manifestId), row.length, row.digest);
    if (octets === null) this.#giveUp(row.id);
    return octets;
  }

  /** The files that a manifest lists; null for none. */
  filesOf(row: number | null): readonly ListedFile[] | null {
    if (row === null) return null;
    return this.#database.all<ListedFile>(
      'SELECT coalesce(path, name) AS path, content_id AS contentId FROM items WHERE manifest = ?',
      row,
    );
  }

  /** The file alone: nothing counts yet. */
  async writeFile(manifestId: Uint8Array, octets: Uint8Array): Promise<void> {
    await this.#files.write(toHex(manifestId), octets);
  }

  /** The row number of a manifest whose file is written. Inside a transaction. */
  insert(manifestId: Uint8Array, manifest: Manifest, octets: Uint8Array): number {
    const known = this.#row(manifestId);
    const digest = blake3(octets);
    if (known !== undefined) {
      this.#database.run(
        'UPDATE manifests SET digest = ?, length = ? WHERE id = ?',
        digest,
        octets.length,
        known.id,
      );
      return known.id;
    }
    const row = this.#database.insert(
      `INSERT INTO manifests (manifest_id, dht_key, seq, length, digest, public, title, description, items, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      manifestId,
      manifestKey(manifestId),
      Number(manifest.seq),
      octets.length,
      digest,
      manifest.visibility === 'public' ? 1 : 0,
      manifest.title,
      manifest.description,
      manifest.items.length,
      manifest.items.reduce((sum, item) => sum + item.size, 0),
    );
    manifest.items.forEach((item, position) => {
      this.#insertItem(row, position, item);
    });
    return row;
  }

  /**
   * Deletes rows that no share points to any more, a few at most: a collection leaves many, with thousands of items each.
   * `dropRest` goes on. Inside a transaction; the ids are for `removeFiles`.
   */
  dropUnreferenced(): readonly Hex[] {
    const rows = this.#database.all<ManifestRow>(
      `DELETE FROM manifests WHERE id IN (SELECT id FROM manifests WHERE ${UNREFERENCED} LIMIT ${DROPPED_AT_ONCE})
       RETURNING id, manifest_id, length, digest`,
    );
    return rows.map((row) => toHex(row.manifest_id));
  }

  /** Deletes the rest of them beside other messages. */
  async dropRest(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const dropped = this.#database.transaction(() => this.dropUnreferenced());
      await this.removeFiles(dropped);
      if (dropped.length < DROPPED_AT_ONCE) return;
      await setImmediate();
    }
  }

  /** After the transaction. A file that stays is swept by the next start. */
  async removeFiles(manifestIds: readonly Hex[]): Promise<void> {
    for (const manifestId of manifestIds) {
      await this.#files.remove(manifestId).catch((error: Error) => {
        this.#log.warn({ manifestId, reason: error.message }, 'an old manifest could not be removed');
      });
    }
  }

  /**
   * A subscription forgets what it held, so that the next sync brings it again; its head stays, and with it the number
   * below which nothing is taken. An own share keeps its list: the next publish sees that the file is gone, and signs.
   */
  #giveUp(row: number): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE subscriptions SET manifest = NULL WHERE manifest = ?', row);
      this.dropUnreferenced();
    });
  }

  #row(manifestId: Uint8Array): ManifestRow | undefined {
    return this.#database.get<ManifestRow>(
      'SELECT id, manifest_id, length, digest FROM manifests WHERE manifest_id = ?',
      manifestId,
    );
  }

  #insertItem(row: number, position: number, item: ManifestItem): void {
    this.#database.run(
      `INSERT INTO items (manifest, position, content_id, size, name, path, mime, tags, chunk_count, chunk_list_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row,
      position,
      item.contentId,
      item.size,
      item.name,
      item.path,
      item.mime,
      item.tags.length === 0 ? null : JSON.stringify(item.tags),
      item.chunkCount,
      item.chunkListHash,
    );
  }
}
