export type JsonObject = Readonly<Record<string, unknown>>;

/** Thrown when a file of vectors does not have the form it should have. */
export class MalformedVectors extends Error {}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new MalformedVectors(`${what}: not an object`);
  return value;
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedVectors(`${what}: not a list`);
  return value;
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new MalformedVectors(`${what}: not a text`);
  return value;
}

export function asNumber(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new MalformedVectors(`${what}: not a number`);
  return value;
}

/** A whole number, or the decimal text that stands for one above 2^53. */
export function asBigInt(value: unknown, what: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && value.length <= 20 && /^\d+$/.test(value)) return BigInt(value);
  throw new MalformedVectors(`${what}: not a whole number`);
}

/** Octets from lower-case or upper-case hex. */
export function asOctets(value: unknown, what: string): Uint8Array {
  const hex = asText(value, what);
  const octets = new Uint8Array(Buffer.from(hex, 'hex'));
  if (octets.length * 2 !== hex.length) throw new MalformedVectors(`${what}: not hex`);
  return octets;
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
}
