import { crc32 } from 'node:zlib';

/** What is shown of an item. */
export interface Row {
  readonly contentId: Uint8Array;
  readonly size: number;
  readonly name: string;
  /** Null: the name alone. */
  readonly path: string | null;
  readonly tags: readonly string[];
}

/** Checksum, content id, size as a double. */
const ID_AT = 4;
const SIZE_AT = ID_AT + 32;
const TEXT_AT = SIZE_AT + 8;

export function encodeRow({ contentId, size, name, path, tags }: Row): Buffer {
  const text = Buffer.from(JSON.stringify([name, path, tags]));
  const row = Buffer.allocUnsafe(TEXT_AT + text.length);
  row.set(contentId, ID_AT);
  row.writeDoubleLE(size, SIZE_AT);
  row.set(text, TEXT_AT);
  row.writeUInt32LE(crc32(row.subarray(ID_AT)), 0);
  return row;
}

/** Null when the octets are not those that were written. */
export function decodeRow(row: Buffer): Row | null {
  if (row.length <= TEXT_AT || row.readUInt32LE(0) !== crc32(row.subarray(ID_AT))) return null;
  const [name, path, tags] = JSON.parse(row.toString('utf8', TEXT_AT)) as [string, string | null, string[]];
  return {
    contentId: Uint8Array.from(row.subarray(ID_AT, SIZE_AT)),
    size: row.readDoubleLE(SIZE_AT),
    name,
    path,
    tags,
  };
}
