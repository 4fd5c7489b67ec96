import { randomBytes, sign } from 'node:crypto';
import { blake3 } from '@noble/hashes/blake3.js';
import * as b from '../bytes.ts';
import { type KeyPair, keyPair, sha256 } from '../hello.ts';

const CHUNK = 262_144;
const CREATED = 1_700_000_000;

export interface File {
  readonly bytes: Buffer;
  readonly contentId: Buffer;
  readonly chunks: readonly Buffer[];
  readonly hashes: readonly Buffer[];
}

export function fileOf(bytes: Buffer): File {
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) =>
    bytes.subarray(i * CHUNK, (i + 1) * CHUNK),
  );
  const hashes = chunks.map((chunk) => Buffer.from(blake3(chunk)));
  return { bytes, contentId: Buffer.from(blake3(bytes)), chunks, hashes };
}

/** The eight fields of an item, each as it stands on the wire; the path may be missing. */
export interface ItemParts {
  readonly content_id: Uint8Array;
  readonly size: Uint8Array;
  readonly name: Uint8Array;
  readonly path: Uint8Array | null;
  readonly mime: Uint8Array;
  readonly tags: Uint8Array;
  readonly chunk_count: Uint8Array;
  readonly chunk_list_hash: Uint8Array;
}

export function item(file: File, changes: Partial<ItemParts> = {}): ItemParts {
  return {
    content_id: b.ints(file.contentId),
    size: b.uint(file.bytes.length),
    name: b.text('file.bin'),
    path: null,
    mime: b.NULL,
    tags: b.array(),
    chunk_count: b.uint(file.chunks.length),
    chunk_list_hash: b.ints(blake3(Buffer.concat(file.hashes))),
    ...changes,
  };
}

const itemMap = (parts: ItemParts) =>
  b.textMap(
    ...(Object.entries(parts) as [string, Uint8Array | null][]).flatMap(([key, value]) =>
      value === null ? [] : [[key, value] as const],
    ),
  );
const itemArray = (parts: ItemParts) =>
  b.array(...(Object.values(parts) as (Uint8Array | null)[]).map((value) => value ?? b.NULL));

/** Fields of a manifest that a row may put in another way, as they stand on the wire. */
export interface ManifestChanges {
  readonly [field: string]: Uint8Array;
}

/** A share whose publisher signs whatever a row makes him sign. */
export class HostileShare {
  readonly key: KeyPair = keyPair();
  readonly id: Buffer = sha256(this.key.public);
  readonly file = fileOf(randomBytes(700_000));

  /** Octets of a manifest and its id, signed over what it says. */
  manifest(items: readonly ItemParts[] = [item(this.file)], changes: ManifestChanges = {}) {
    const fields: Record<string, Uint8Array> = {
      version: b.uint(1),
      share_pubkey: b.ints(this.key.public),
      share_id: b.ints(this.id),
      seq: b.uint(1),
      created_at: b.uint(CREATED),
      expires_at: b.NULL,
      title: b.text('of a hostile provider'),
      description: b.NULL,
      visibility: b.text('public'),
      communities: b.array(),
      items: b.array(),
      recommended_shares: b.array(),
      ...changes,
    };
    const with_ = (itemsForm: Uint8Array) => Object.values({ ...fields, items: changes.items ?? itemsForm });
    const signature = sign(null, b.array(...with_(b.array(...items.map(itemArray)))), this.key.secret);
    const maps = with_(b.array(...items.map(itemMap)));
    const names = Object.keys(fields);
    const octets = b.textMap(...names.map((name, i) => [name, maps[i]!] as const), [
      'signature',
      b.bytes(signature),
    ]);
    return { octets, id: Buffer.from(blake3(b.array(...maps, b.ints(signature)))) };
  }

  /** A head that names a manifest, signed by the share's key or another one. */
  head(
    manifestId: Uint8Array,
    changes: { seq?: number | bigint; id?: Uint8Array; key?: KeyPair; updated?: number } = {},
  ): Buffer {
    const values = [
      b.ints(changes.id ?? this.id),
      b.uint(changes.seq ?? 1),
      b.ints(manifestId),
      b.uint(changes.updated ?? CREATED),
    ];
    const signature = sign(null, b.array(...values), (changes.key ?? this.key).secret);
    const names = ['share_id', 'latest_seq', 'latest_manifest_id', 'updated_at'];
    return b.textMap(...names.map((name, i) => [name, values[i]!] as const), ['sig', b.ints(signature)]);
  }

  /** A link that pins the key of the node. */
  link(address: string, nodeKey: Uint8Array): string {
    const payload = Buffer.concat([this.id, this.key.public]).toString('base64url');
    return `scp2p://s/${payload}?bp=${encodeURIComponent(`${address}@${Buffer.from(nodeKey).toString('hex')}`)}`;
  }
}
