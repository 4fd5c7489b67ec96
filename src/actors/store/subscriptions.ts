import { failure } from '../../errors.ts';
import { bytesEqual, concatBytes, toHex } from '../../protocol/crypto/bytes.ts';
import { shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import type { Manifest } from '../../protocol/objects/manifest.ts';
import type { Hex } from '../content-types.ts';
import type { Subscription, Trust } from '../share-types.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';
import type { ManifestShelf } from './manifest-shelf.ts';

/** Addresses kept of one share, the newest first: links carry 16 each. */
const MAX_PEERS = 64;
/** Volumes of one collection that are followed: 1.5 million files. */
const MAX_VOLUMES = 512;
/** Of what a failed sync says. */
const MAX_ERROR_TEXT = 1024;
const TRUST: ReadonlySet<string> = new Set(['trusted', 'normal', 'untrusted'] satisfies Trust[]);

export interface SubscriptionRow {
  readonly id: number;
  readonly share_id: Uint8Array;
  readonly share_key: Uint8Array;
  readonly trust: Trust;
  readonly weight: number;
  readonly peers: string;
  readonly head: Uint8Array | null;
  readonly manifest: number | null;
  readonly source: string | null;
  readonly last_sync: number | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly parent: number | null;
  readonly volume: number | null;
  /** Ids of the shares its manifest lists as volumes, one after another. */
  readonly listed: Uint8Array | null;
}

interface JoinedRow extends SubscriptionRow {
  readonly manifest_id: Uint8Array | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly seq: number | null;
  readonly items: number | null;
  readonly bytes: number | null;
  readonly volume_items: number | null;
  readonly volume_bytes: number | null;
  readonly root_id: Uint8Array | null;
}

const JOINED = `
  SELECT s.*, m.manifest_id, m.title, m.description, m.seq, m.items, m.bytes, r.share_id AS root_id,
    coalesce(r.trust, s.trust) AS trust, coalesce(r.weight, s.weight) AS weight, coalesce(r.peers, s.peers) AS peers,
    (SELECT sum(vm.items) FROM subscriptions v JOIN manifests vm ON vm.id = v.manifest WHERE v.parent = s.id) AS volume_items,
    (SELECT sum(vm.bytes) FROM subscriptions v JOIN manifests vm ON vm.id = v.manifest WHERE v.parent = s.id) AS volume_bytes
  FROM subscriptions s LEFT JOIN manifests m ON m.id = s.manifest LEFT JOIN subscriptions r ON r.id = s.parent`;

type Request = Pick<Subscription, 'shareId' | 'shareKey' | 'trust' | 'weight' | 'peers'>;

/** The shares this node follows. */
export class Subscriptions {
  readonly #database: Database;
  readonly #shelf: ManifestShelf;

  constructor(database: Database, shelf: ManifestShelf) {
    this.#database = database;
    this.#shelf = shelf;
  }

  /** `volumes`: those of collections as well. */
  list(volumes: boolean): readonly Subscription[] {
    const where = volumes ? '' : 'WHERE s.parent IS NULL';
    return this.#database.all<JoinedRow>(`${JOINED} ${where} ORDER BY s.id`).map(subscription);
  }

  /** A volume that the manifest of the collection lists. One that is subscribed by itself stays so. */
  subscribeVolume({ root, shareId, shareKey }: { root: Hex; shareId: Hex; shareKey: Hex }): Subscription {
    const { id: parent, listed } = this.row(root);
    const id = idOctets(shareId, 'share id');
    const key = idOctets(shareKey, 'share key');
    if (!bytesEqual(shareIdOf(key), id)) {
      throw failure('E_LINK_INVALID', 'share id and share key do not belong together', { subject: shareId });
    }
    const volume = idsOf(listed).indexOf(shareId.toLowerCase());
    if (volume < 0) throw failure('E_USAGE', 'the collection does not list that share', { subject: shareId });
    this.#database.groupedTransaction(() =>
      this.#database.run(
        `INSERT INTO subscriptions (share_id, share_key, trust, weight, peers, head_key, parent, volume)
         VALUES (?, ?, 'normal', 1, '[]', ?, ?, ?)
         ON CONFLICT (share_id) DO UPDATE SET volume = excluded.volume WHERE parent = excluded.parent`,
        id,
        key,
        shareHeadKey(id),
        parent,
        volume,
      ),
    );
    return this.get(shareId)!;
  }

  /**
   * What the manifest of a share lists as its volumes: a collection has no files of its own. Volumes that are not listed
   * any more go. Inside a transaction.
   */
  keepVolumes(id: number, manifest: Pick<Manifest, 'items' | 'recommendedShares'>): void {
    const isCollection = manifest.items.length === 0;
    const listed = isCollection ? manifest.recommendedShares.slice(0, MAX_VOLUMES) : [];
    this.#database.run(
      'UPDATE subscriptions SET listed = ? WHERE id = ?',
      listed.length === 0 ? null : concatBytes(...listed),
      id,
    );
    const places = new Map(listed.map((shareId, place) => [toHex(shareId), place]));
    const known = this.#database.all<SubscriptionRow>('SELECT * FROM subscriptions WHERE parent = ?', id);
    for (const row of known) {
      const place = places.get(toHex(row.share_id));
      if (place === undefined) this.#database.run('DELETE FROM subscriptions WHERE id = ?', row.id);
      else this.#database.run('UPDATE subscriptions SET volume = ? WHERE id = ?', place, row.id);
    }
  }

  get(shareId: Hex): Subscription | null {
    const row = this.#database.get<JoinedRow>(
      `${JOINED} WHERE s.share_id = ?`,
      idOctets(shareId, 'share id'),
    );
    return row === undefined ? null : subscription(row);
  }

  /** `E_NOT_FOUND` when there is none. */
  row(shareId: Hex): SubscriptionRow {
    const row = this.#database.get<SubscriptionRow>(
      'SELECT * FROM subscriptions WHERE share_id = ?',
      idOctets(shareId, 'share id'),
    );
    if (row === undefined) throw failure('E_NOT_FOUND', 'no such subscription', { subject: shareId });
    return row;
  }

  /** Once more: trust and weight as they are said now, the new peers before those that are known. */
  subscribe({ shareId, shareKey, trust, weight, peers }: Request): Subscription {
    const id = idOctets(shareId, 'share id');
    const key = idOctets(shareKey, 'share key');
    if (!bytesEqual(shareIdOf(key), id)) {
      throw failure('E_LINK_INVALID', 'share id and share key do not belong together', { subject: shareId });
    }
    if (!TRUST.has(trust))
      throw failure('E_USAGE', 'trust is trusted, normal or untrusted', { subject: trust });
    if (!Number.isFinite(weight) || weight < 0) {
      throw failure('E_USAGE', `a weight is a number from 0 up, not ${weight}`);
    }
    const known = this.get(shareId)?.peers ?? [];
    const merged = [...new Set([...peers, ...known])].slice(0, MAX_PEERS);
    this.#database.groupedTransaction(() =>
      this.#database.run(
        `INSERT INTO subscriptions (share_id, share_key, trust, weight, peers, head_key) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (share_id) DO UPDATE SET trust = excluded.trust, weight = excluded.weight, peers = excluded.peers,
           parent = NULL, volume = NULL`,
        id,
        key,
        trust,
        weight,
        JSON.stringify(merged),
        shareHeadKey(id),
      ),
    );
    return this.get(shareId)!;
  }

  async unsubscribe(shareId: Hex): Promise<{ removed: boolean }> {
    const id = idOctets(shareId, 'share id');
    const [removed, dropped] = this.#database.transaction(() => {
      const rows = this.#database.run('DELETE FROM subscriptions WHERE share_id = ?', id);
      return [rows > 0, this.#shelf.dropUnreferenced()] as const;
    });
    await this.#shelf.removeFiles(dropped);
    return { removed };
  }

  /** A sync that went well sets the date; one that failed leaves it, and says why. `E_NOT_FOUND` without subscription. */
  noteSync(shareId: Hex, error: Subscription['lastError'], now: number): void {
    const { id } = this.row(shareId);
    this.#database.groupedTransaction(() => {
      if (error === null) {
        this.#database.run(
          'UPDATE subscriptions SET last_sync = ?, error_code = NULL, error_message = NULL WHERE id = ?',
          now,
          id,
        );
        return;
      }
      this.#database.run(
        'UPDATE subscriptions SET error_code = ?, error_message = ? WHERE id = ?',
        error.code,
        error.message.slice(0, MAX_ERROR_TEXT),
        id,
      );
    });
  }
}

function idsOf(listed: Uint8Array | null): readonly Hex[] {
  if (listed === null) return [];
  return Array.from({ length: listed.length / 32 }, (_, i) => toHex(listed.subarray(i * 32, i * 32 + 32)));
}

function subscription(row: JoinedRow): Subscription {
  return {
    shareId: toHex(row.share_id),
    shareKey: toHex(row.share_key),
    trust: row.trust,
    weight: row.weight,
    peers: JSON.parse(row.peers) as string[],
    title: row.title,
    description: row.description,
    seq: row.seq,
    manifestId: row.manifest_id && toHex(row.manifest_id),
    source: row.source,
    items: (row.items ?? 0) + (row.volume_items ?? 0),
    bytes: (row.bytes ?? 0) + (row.volume_bytes ?? 0),
    volumes: idsOf(row.listed),
    root: row.root_id && toHex(row.root_id),
    lastSync: row.last_sync,
    lastError: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  };
}
