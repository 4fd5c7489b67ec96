export type Item = number | bigint | string | boolean | null | Buffer | Item[] | Map<Item, Item>;

/** Reads the plain CBOR that an honest node writes: definite lengths, no floats. Throws on anything else. */
export function readCbor(octets: Buffer): Item {
  let at = 0;
  const argument = (info: number): number | bigint => {
    if (info < 24) return info;
    if (info > 27) throw new Error(`no plain CBOR: ${octets.subarray(0, 40).toString('hex')}`);
    const width = 1 << (info - 24);
    at += width;
    const value = width < 8 ? octets.readUIntBE(at - width, width) : octets.readBigUInt64BE(at - 8);
    return typeof value === 'bigint' && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  };
  const string = (length: number): Buffer => {
    at += length;
    return octets.subarray(at - length, at);
  };
  const item = (): Item => {
    const first = octets.readUInt8(at++);
    const value = argument(first & 31);
    const count = Number(value);
    switch (first >> 5) {
      case 0:
        return value;
      case 2:
        return string(count);
      case 3:
        return string(count).toString();
      case 4:
        return Array.from({ length: count }, item);
      case 5:
        return new Map(Array.from({ length: count }, () => [item(), item()] as [Item, Item]));
      case 7:
        return value === 20 ? false : value === 21 ? true : null;
      default:
        throw new Error(`no plain CBOR: major type ${first >> 5}`);
    }
  };
  return item();
}

export interface Reply {
  readonly type: number;
  readonly reqId: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** The envelope of a frame without its length. */
export function readEnvelope(body: Buffer): Reply {
  const found = readCbor(body) as Map<string, Item>;
  return {
    type: found.get('type') as number,
    reqId: found.get('req_id') as number,
    flags: found.get('flags') as number,
    payload: found.get('payload') as Buffer,
  };
}
