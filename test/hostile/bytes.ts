/**
 * CBOR and frames written octet by octet, for a peer that has nothing in common with the code it attacks: it can say
 * what no encoder of ours would (SCP2P wire, sections 1 and 2).
 */

export type Octets = Buffer;

export const raw = (...octets: number[]): Octets => Buffer.from(octets);
export const hex = (digits: string): Octets => Buffer.from(digits.replace(/\s/g, ''), 'hex');
export const join = (...parts: readonly Uint8Array[]): Octets => Buffer.concat(parts);

/** A head with the shortest argument. */
export function head(major: number, value: number | bigint): Octets {
  const wide = BigInt(value);
  if (wide < 24n) return raw((major << 5) | Number(wide));
  const width = wide < 0x100n ? 1 : wide < 0x1_0000n ? 2 : wide < 0x1_0000_0000n ? 4 : 8;
  return longHead(major, wide, width);
}

/** A head with an argument of 1, 2, 4 or 8 octets, needed or not. */
export function longHead(major: number, value: number | bigint, width: number): Octets {
  const octets = Buffer.alloc(9);
  octets[0] = (major << 5) | { 1: 24, 2: 25, 4: 26, 8: 27 }[width]!;
  octets.writeBigUInt64BE(BigInt(value), 1);
  return join(octets.subarray(0, 1), octets.subarray(9 - width));
}

export const uint = (value: number | bigint): Octets => head(0, value);
/** -1 - value. */
export const negative = (value: number | bigint): Octets => head(1, value);
export const bytes = (value: Uint8Array): Octets => join(head(2, value.length), value);
export const text = (value: string | Uint8Array): Octets => {
  const octets = Buffer.from(value as string);
  return join(head(3, octets.length), octets);
};
export const array = (...items: Uint8Array[]): Octets => join(head(4, items.length), ...items);
export const map = (...entries: (readonly [Uint8Array, Uint8Array])[]): Octets =>
  join(head(5, entries.length), ...entries.flat());
export const tag = (number: number, item: Uint8Array): Octets => join(head(6, number), item);
export const FALSE = raw(0xf4);
export const TRUE = raw(0xf5);
export const NULL = raw(0xf6);
export const UNDEFINED = raw(0xf7);
export const BREAK = raw(0xff);
/** Half, single and double: not a number, and one that is. */
export const NAN_16 = hex('f97e00');
export const NAN_64 = hex('fb7ff8000000000000');
export const INFINITY_32 = hex('fa7f800000');
export const ONE_AND_A_HALF = hex('f93e00');
/** Octets as the maps with text keys carry them: an array of integers. */
export const ints = (octets: Uint8Array): Octets =>
  join(
    head(4, octets.length),
    Buffer.from(Array.from(octets, (octet) => (octet < 24 ? [octet] : [0x18, octet])).flat()),
  );

/** A map with text keys from its entries. */
export const textMap = (...entries: (readonly [string, Uint8Array])[]): Octets =>
  map(...entries.map(([key, value]) => [text(key), value] as const));

export const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Four octets of length, big-endian, then the body. */
export function frame(body: Uint8Array, announced = body.length): Octets {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(announced);
  return join(length, body);
}

/** The four fields of an envelope as they stand on the wire; each may be put in another way. */
export interface EnvelopeParts {
  readonly type?: Uint8Array;
  readonly reqId?: Uint8Array;
  readonly flags?: Uint8Array;
  readonly payload?: Uint8Array;
}

export function envelope(parts: EnvelopeParts): Octets {
  return textMap(
    ['type', parts.type ?? uint(400)],
    ['req_id', parts.reqId ?? uint(1)],
    ['flags', parts.flags ?? uint(0)],
    ['payload', parts.payload ?? bytes(Buffer.alloc(0))],
  );
}

/** A whole frame of a request. */
export const request = (
  type: number,
  reqId: number,
  payload: Uint8Array = Buffer.alloc(0),
  flags = 0,
): Octets =>
  frame(envelope({ type: uint(type), reqId: uint(reqId), flags: uint(flags), payload: bytes(payload) }));
