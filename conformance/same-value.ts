import { createHash } from 'node:crypto';
import { decodeEnvelope } from '../src/protocol/wire/envelope.ts';
import { isObject, type JsonObject, toHex } from './json.ts';

/** How a decoded value compares with the reading of it in a file. */
export interface Comparison {
  /** Path and values of the first difference, or null. */
  difference: string | null;
  /** Whether the keys of some map differ: some are not written, or unknown. */
  otherKeys: boolean;
  /** Whether they stand in another order in the reading (which may have been sorted). */
  otherOrder: boolean;
}

/**
 * Compares a decoded value with its reading: names in snake case (or the numbers of the keys), octets as hex or lists
 * of numbers, integers as numbers or decimal texts, absent and null alike.
 */
export function compare(expected: unknown, got: unknown): Comparison {
  const comparison: Comparison = { difference: null, otherKeys: false, otherOrder: false };
  walk(expected, got, '', comparison);
  return comparison;
}

function walk(expected: unknown, got: unknown, path: string, to: Comparison): void {
  if (to.difference !== null) return;
  let same: boolean;
  if (got instanceof Uint8Array) same = sameOctets(expected, got, path, to);
  else if (typeof got === 'bigint' || typeof got === 'number') same = sameNumber(expected, got);
  else if (Array.isArray(got)) {
    same = Array.isArray(expected) && expected.length === got.length;
    if (same)
      got.forEach((item, i) => {
        walk((expected as unknown[])[i], item, `${path}[${i}]`, to);
      });
  } else if (typeof got === 'object' && got !== null) {
    same = isObject(expected);
    if (same) walkObject(expected as JsonObject, got as JsonObject, path, to);
  } else same = (expected ?? null) === (got ?? null);
  if (!same) to.difference ??= `${path}: expected ${JSON.stringify(expected)}, got ${show(got)}`;
}

function walkObject(expected: JsonObject, got: JsonObject, path: string, to: Comparison): void {
  const properties = Object.keys(got).filter((property) => !isDerived(got, property));
  const numbered = Object.hasOwn(expected, '0');
  const keys = properties.map((property, index) => (numbered ? String(index) : snakeCase(property)));
  const written = Object.keys(expected).filter((key) => expected[key] !== null);
  const ours = keys.filter((_, index) => got[properties[index] as string] !== null);
  if (written.join() !== ours.join()) to.otherOrder = true;
  if (written.toSorted().join() !== ours.toSorted().join()) to.otherKeys = true;
  properties.forEach((property, index) => {
    const key = keys[index] as string;
    // A key that is not written may still have a value: its default.
    if (!Object.hasOwn(expected, key)) return;
    walk(expected[key], got[property], `${path}.${key}`, to);
  });
}

/** Capabilities carry, beside the keys of the wire, their number; those beyond it were not there. */
function isDerived(value: JsonObject, property: string): boolean {
  if (typeof value.keys !== 'number') return false;
  return property === 'keys' || (value.keys === 5 && property.startsWith('community'));
}

function sameNumber(expected: unknown, got: bigint | number): boolean {
  if (typeof expected !== 'number' && typeof expected !== 'string') return false;
  return String(expected) === String(got);
}

function sameOctets(expected: unknown, got: Uint8Array, path: string, to: Comparison): boolean {
  if (typeof expected === 'string') return expected === toHex(got);
  if (Array.isArray(expected)) {
    // Octets one by one, or fixed pieces of hex one after another.
    if (expected.every((item) => typeof item === 'number')) return expected.join() === got.join();
    return expected.join('') === toHex(got);
  }
  if (!isObject(expected)) return false;
  if (Object.hasOwn(expected, 'V4')) return sameAddress(expected.V4, got, 4);
  if (Object.hasOwn(expected, 'V6')) return sameAddress(expected.V6, got, 16);
  if (Object.hasOwn(expected, 'sha256')) {
    return (
      expected.bytes === got.length && expected.sha256 === createHash('sha256').update(got).digest('hex')
    );
  }
  if (isObject(expected.inner_envelope)) {
    const { type, req_id: reqId, flags } = expected.inner_envelope;
    const inner = decodeEnvelope(got);
    walk({ type, reqId, flags }, { type: inner.type, req_id: inner.reqId, flags: inner.flags }, path, to);
  }
  // An object in octets (a manifest, a record): its own suite reads it.
  return true;
}

function sameAddress(expected: unknown, got: Uint8Array, length: number): boolean {
  if (got.length !== length) return false;
  if (Array.isArray(expected)) return expected.join() === got.join();
  return expected === toHex(got) || expected === got.join('.');
}

function snakeCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  return (
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'undefined'
  );
}
