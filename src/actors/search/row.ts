import { crc32 } from 'node:zlib';
import { mostOctets, type OctetWriter } from './octet-writer.ts';

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

/** The next piece of `octets`. */
export function encodeRow({ contentId, size, name, path, tags }: Row, octets: OctetWriter): void {
  const text = JSON.stringify([name, path, tags]);
  octets.piece(TEXT_AT + mostOctets(text), (buffer, at) => {
    buffer.set(contentId, at + ID_AT);
    buffer.writeDoubleLE(size, at + SIZE_AT);
    const end = at + TEXT_AT + buffer.write(text, at + TEXT_AT, 'utf8');
    buffer.writeUInt32LE(crc32(buffer.subarray(at + ID_AT, end)), at);
    return end - at;
  });
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
