/**
 * Walks a msgpack value without building it: null if exactly one whole value fills the bytes within the depth,
 * else what is wrong. The library's decoder allocates arrays by their announced length, before it looks
 * whether the bytes can hold them; after this walk every announced length is a true one. Extension types are
 * refused: the socket has no use for them.
 */
export function checkShape(bytes: Uint8Array, maxDepth: number): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come at each level. */
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    if (open.at(-1) === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1]!--;
    if (at >= bytes.length) return 'cut short';
    const head = headOf(view, at);
    if (head === null) return `a length is cut short at ${at}`;
    if (head === 'refused') return `type ${view.getUint8(at)} at ${at} is not allowed`;
    at += head.bytes;
    if (at > bytes.length) return 'cut short';
    if (head.values === 0) continue;
    if (open.length > maxDepth) return `deeper than ${maxDepth}`;
    open.push(head.values);
  }
  return at === bytes.length ? null : 'bytes after the value';
}

interface Head {
  /** Octets of the value itself, without what it contains. */
  readonly bytes: number;
  /** Values it contains. */
  readonly values: number;
}

/** Octets after the type byte of the fixed-size types from 0xca to 0xd3. */
const NUMBER_SIZES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

function headOf(view: DataView, at: number): Head | 'refused' | null {
  const type = view.getUint8(at);
  if (type <= 0x7f || type >= 0xe0) return { bytes: 1, values: 0 };
  if (type <= 0x8f) return { bytes: 1, values: 2 * (type & 0x0f) };
  if (type <= 0x9f) return { bytes: 1, values: type & 0x0f };
  if (type <= 0xbf) return { bytes: 1 + (type & 0x1f), values: 0 };
  if (type === 0xc0 || type === 0xc2 || type === 0xc3) return { bytes: 1, values: 0 };
  if (type >= 0xc4 && type <= 0xc6) return sized(view, at, 1 << (type - 0xc4), 'bytes');
  if (type >= 0xca && type <= 0xd3) return { bytes: 1 + NUMBER_SIZES[type - 0xca]!, values: 0 };
  if (type >= 0xd9 && type <= 0xdb) return sized(view, at, 1 << (type - 0xd9), 'bytes');
  if (type === 0xdc || type === 0xdd) return sized(view, at, type === 0xdc ? 2 : 4, 'values');
  if (type === 0xde || type === 0xdf) return sized(view, at, type === 0xde ? 2 : 4, 'pairs');
  return 'refused';
}

function sized(view: DataView, at: number, width: number, of: 'bytes' | 'values' | 'pairs'): Head | null {
  if (at + 1 + width > view.byteLength) return null;
  const length =
    width === 1 ? view.getUint8(at + 1) : width === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  if (of === 'bytes') return { bytes: 1 + width + length, values: 0 };
  return { bytes: 1 + width, values: of === 'pairs' ? 2 * length : length };
}
