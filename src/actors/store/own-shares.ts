import { failure } from '../../errors.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed, type SigningKey } from '../../protocol/crypto/ed25519.ts';
import { shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import { type ShareHead, shareHead } from '../../protocol/objects/share-head.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Hex } from '../content-types.ts';
import type { OwnShare, ShareRoot } from '../share-types.ts';
import type { Database } from './database.ts';
import { idOctets, isHexId } from './hex-ids.ts';
import type { KeyRing } from './key-ring.ts';
import { Secret } from './secret.ts';
import { volumeSeed } from './volumes.ts';

const MAX_NAME = 255;
/** The network separates share and path by a slash. */
const NAME = /^[^/\p{Cc}]+$/u;

export interface OwnShareRow {
  readonly id: number;
  readonly share_id: Uint8Array;
  readonly share_key: Uint8Array;
  readonly name: string;
  readonly head: Uint8Array | null;
  readonly manifest: number | null;
  readonly catalog: Uint8Array | null;
  readonly updated_at: number;
  readonly floor: number;
  readonly unsure: number;
  readonly withdrawn: number;
  readonly roots: string;
  readonly tags: string;
  readonly watch: number;
  readonly parent: number | null;
  readonly volume: number | null;
}

interface JoinedRow extends OwnShareRow {
  readonly manifest_id: Uint8Array | null;
  readonly public: number | null;
  readonly title: string | null;
  readonly seq: number | null;
  readonly items: number | null;
  readonly bytes: number | null;
  readonly volumes: number;
  readonly volume_items: number | null;
  readonly volume_bytes: number | null;
}

const JOINED = `
  SELECT own_shares.*, m.manifest_id, m.public, m.title, m.seq, m.items, m.bytes, v.volumes, v.volume_items, v.volume_bytes
  FROM own_shares LEFT JOIN manifests m ON m.id = own_shares.manifest
  JOIN (
    SELECT o.id, count(c.id) AS volumes, sum(cm.items) AS volume_items, sum(cm.bytes) AS volume_bytes
    FROM own_shares o LEFT JOIN own_shares c ON c.parent = o.id AND c.withdrawn = 0
    LEFT JOIN manifests cm ON cm.id = c.manifest GROUP BY o.id
  ) v ON v.id = own_shares.id`;

/** The shares this node publishes. */
export class OwnShares {
  readonly #database: Database;
  readonly #keys: KeyRing;

  constructor(database: Database, keys: KeyRing) {
    this.#database = database;
    this.#keys = keys;
  }

  list(): readonly OwnShare[] {
    return this.#database
      .all<JoinedRow>(
        `${JOINED} WHERE own_shares.withdrawn = 0 AND own_shares.parent IS NULL ORDER BY own_shares.name`,
      )
      .map(ownShare);
  }

  /** The share of that name, also a withdrawn one. A new one gets its key first: a key without a share is no harm. */
  async open(name: string, now: number): Promise<OwnShare> {
    checkName(name);
    const known = this.#byName(name);
    if (known !== undefined) return ownShare(known);
    return await this.#make(name, new Secret(generateSeed()), false, now);
  }

  /**
   * A share whose key comes from elsewhere: what was published with it is not known here. One that is known under any
   * name stays what it is, and gets its key back if that was lost. `E_USAGE` for a name that another share has.
   */
  async import(name: string, seed: Secret, now: number): Promise<OwnShare> {
    checkName(name);
    const shareId = shareIdOf(keyPairFromSeed(seed.reveal()).publicKey);
    const known = this.#database.get<JoinedRow>(`${JOINED} WHERE own_shares.share_id = ?`, shareId);
    if (known !== undefined) {
      await this.#keys.keep(keyName(shareId), seed);
      return ownShare(known);
    }
    if (this.#byName(name) !== undefined) {
      throw failure('E_USAGE', 'another share of this node has that name', {
        subject: name,
        next: 'name the share that the key is for with --share',
      });
    }
    return await this.#make(name, seed, true, now);
  }

  /**
   * A volume of a share; its key comes from that of the share and is kept nowhere. Of a share whose numbers are not sure,
   * those of a volume are not either.
   */
  async openVolume(shareId: Hex, volume: number, now: number): Promise<OwnShare> {
    const root = this.row(shareId);
    const name = `${root.name}/${volume}`;
    const known = this.#byName(name);
    if (known !== undefined) return ownShare(known);
    const seed = await this.#keys.seed(keyName(root.share_id));
    if (seed === null) throw keyMissing(root);
    const { publicKey } = keyPairFromSeed(volumeSeed(seed, volume).reveal());
    this.#insert(name, publicKey, root.unsure === 1, now, { parent: root.id, volume });
    return ownShare(this.#byName(name)!);
  }

  /** The volumes of a share that are not withdrawn, in their order. */
  volumes(shareId: Hex): readonly (OwnShare & { readonly volume: number })[] {
    return this.#database
      .all<JoinedRow>(
        `${JOINED} WHERE own_shares.parent = ? AND own_shares.withdrawn = 0 ORDER BY own_shares.volume`,
        this.row(shareId).id,
      )
      .map((row) => ({ ...ownShare(row), volume: row.volume! }));
  }

  /** The id under which a share is listed: of a volume that of its collection. */
  rootOf({ share_id: own, parent }: Pick<OwnShareRow, 'share_id' | 'parent'>): Hex {
    if (parent === null) return toHex(own);
    return toHex(
      this.#database.get<{ share_id: Uint8Array }>('SELECT share_id FROM own_shares WHERE id = ?', parent)!
        .share_id,
    );
  }

  async #make(name: string, seed: Secret, unsure: boolean, now: number): Promise<OwnShare> {
    const { publicKey } = keyPairFromSeed(seed.reveal());
    await this.#keys.keep(keyName(shareIdOf(publicKey)), seed);
    this.#insert(name, publicKey, unsure, now, { parent: null, volume: null });
    return ownShare(this.#byName(name)!);
  }

  #insert(
    name: string,
    publicKey: Uint8Array,
    unsure: boolean,
    now: number,
    { parent, volume }: Pick<OwnShareRow, 'parent' | 'volume'>,
  ): void {
    const shareId = shareIdOf(publicKey);
    this.#database.transaction(() =>
      this.#database.run(
        `INSERT INTO own_shares (share_id, share_key, name, head_key, updated_at, unsure, parent, volume)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        shareId,
        publicKey,
        name,
        shareHeadKey(shareId),
        now,
        unsure ? 1 : 0,
        parent,
        volume,
      ),
    );
  }

  /**
   * After a restore: other revisions may be out than those that are known here. Nobody signs one a second for long, so
   * that the seconds since the backup are more than the revisions since. Inside a transaction.
   */
  distrustNumbers(secondsSince: number): void {
    for (const row of this.#database.all<OwnShareRow>('SELECT * FROM own_shares')) {
      const last = Math.max(Number(headOf(row)?.latestSeq ?? 0n), row.floor);
      const floor = Math.min(last + secondsSince, MAX_FLOOR);
      this.#database.run('UPDATE own_shares SET floor = ?, unsure = 1 WHERE id = ?', floor, row.id);
    }
  }

  /** `E_NOT_FOUND` when this node publishes no such share. */
  row(shareId: Hex): OwnShareRow {
    const row = this.#database.get<OwnShareRow>(
      'SELECT * FROM own_shares WHERE share_id = ?',
      idOctets(shareId, 'share id'),
    );
    if (row === undefined) throw failure('E_NOT_FOUND', 'no share of this node', { subject: shareId });
    return row;
  }

  /** What signs the share. `E_HOME_UNUSABLE` when its file is gone or of another key. */
  async key(row: OwnShareRow): Promise<SigningKey> {
    const key =
      row.parent === null ? await this.#keys.load(keyName(row.share_id)) : await this.#volumeKey(row);
    if (key === null || toHex(key.publicKey) !== toHex(row.share_key)) throw keyMissing(row);
    return key;
  }

  async #volumeKey({ parent, volume }: OwnShareRow): Promise<SigningKey | null> {
    const root = this.#database.get<OwnShareRow>('SELECT * FROM own_shares WHERE id = ?', parent)!;
    const seed = await this.#keys.seed(keyName(root.share_id));
    return seed && keyPairFromSeed(volumeSeed(seed, volume!).reveal());
  }

  #byName(name: string): JoinedRow | undefined {
    return this.#database.get<JoinedRow>(`${JOINED} WHERE own_shares.name = ?`, name);
  }
}

/** Far above any number that is reached, and far below what plain numbers carry. */
const MAX_FLOOR = 2 ** 52;

export const keyName = (shareId: Uint8Array): string => `share-${toHex(shareId)}`;

function keyMissing(row: OwnShareRow): ActorError {
  return failure('E_HOME_UNUSABLE', `the key of the share ${row.name} is missing`, {
    subject: toHex(row.share_id),
    next: 'restore keys/ from a backup',
  });
}

/** The head that a row holds. */
export function headOf(row: { readonly head: Uint8Array | null } | undefined): ShareHead | null {
  return row === undefined || row.head === null ? null : shareHead.read(new Reader(row.head));
}

function checkName(name: string): void {
  const bad = !NAME.test(name) || !name.isWellFormed() || Buffer.byteLength(name) > MAX_NAME;
  if (bad || isHexId(name)) {
    throw failure('E_USAGE', `a share's name has 1 to ${MAX_NAME} octets, no slash, and is no share id`, {
      subject: name,
    });
  }
}

function ownShare(row: JoinedRow): OwnShare {
  return {
    shareId: toHex(row.share_id),
    shareKey: toHex(row.share_key),
    name: row.name,
    title: row.title,
    public: row.public === 1,
    seq: row.seq ?? 0,
    manifestId: row.manifest_id && toHex(row.manifest_id),
    items: (row.items ?? 0) + (row.volume_items ?? 0),
    bytes: (row.bytes ?? 0) + (row.volume_bytes ?? 0),
    updatedAt: row.updated_at,
    roots: JSON.parse(row.roots) as ShareRoot[],
    tags: JSON.parse(row.tags) as string[],
    volumes: row.volumes,
    watch: row.watch === 1,
    unsure: row.unsure === 1,
  };
}
