import { DecodeError } from './decode-error.ts';
import { KnownNames } from './known-names.ts';
import type { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** One kind of value, both ways. `read` throws DecodeError only; `write` gives the reference's bytes. */
export interface Codec<T> {
  read(r: Reader): T;
  write(w: Writer, value: T): void;
}

/** What values are written into before they are copied to a buffer of their own size; null while it is in use, or there is none. */
let spare: Writer | null = null;
/** One that has grown beyond this goes with its value. */
const LARGEST_SPARE = 1 << 16;

/** The value encoded on its own, in a buffer that nobody else holds. */
export function encodeWith<T>(codec: Codec<T>, value: T): Uint8Array {
  // A codec may encode a part of its value on its own.
  const w = spare ?? new Writer();
  spare = null;
  w.clear();
  codec.write(w, value);
  if (w.length > LARGEST_SPARE) return w.finish();
  spare = w;
  return w.copy();
}

function unsigned(max: number): Codec<number> {
  return {
    read: (r) => r.uint(max),
    write(w, value) {
      if (value > max) throw new RangeError(`${value} is above ${max}`);
      w.uint(value);
    },
  };
}

export const u8 = unsigned(0xff);
export const u16 = unsigned(0xffff);
export const u32 = unsigned(0xffff_ffff);
/** 64-bit unsigned integers are always bigint. */
export const u64: Codec<bigint> = { read: (r) => r.u64(), write: (w, value) => w.uint(value) };
/** Sizes of files: 64 bits on the wire, refused from 2^53. */
export const size = unsigned(Number.MAX_SAFE_INTEGER);
export const bool: Codec<boolean> = { read: (r) => r.bool(), write: (w, value) => w.bool(value) };
export const text: Codec<string> = { read: (r) => r.text(), write: (w, value) => w.text(value) };
/** A byte string; an array of octets is read too. The value read is a view on the input where that is possible. */
export const bytes: Codec<Uint8Array> = { read: (r) => r.bytes(), write: (w, value) => w.bytes(value) };
/** Octets written as an array of integers, of any length; a byte string is read too. */
export const octetArray: Codec<Uint8Array> = {
  read: (r) => r.bytes(),
  write: (w, value) => w.byteArray(value),
};

/** `length` octets written as an array of integers: ids, keys and nonces in maps with text keys. */
export function octets(length: number): Codec<Uint8Array> {
  return {
    read: (r) => r.fixedBytes(length),
    write(w, value) {
      checkLength(value, length);
      w.byteArray(value);
    },
  };
}

export const id32 = octets(32);

/** `length` octets written as a byte string, and read from nothing else: ids in maps with integer keys. */
export function fixedByteString(length: number): Codec<Uint8Array> {
  return {
    read: (r) => r.fixedByteString(length),
    write(w, value) {
      checkLength(value, length);
      w.bytes(value);
    },
  };
}

/** A byte string that may not be an array: fields of maps with integer keys. The value read is a view. */
export const byteString: Codec<Uint8Array> = {
  read: (r) => r.byteString(),
  write: (w, value) => w.bytes(value),
};

/** An array; `max` items at most are read. */
export function arrayOf<T>(item: Codec<T>, max?: number): Codec<readonly T[]> {
  return {
    read: (r) => r.array((inner) => item.read(inner), max),
    write(w, values) {
      w.array(values.length);
      for (const value of values) item.write(w, value);
    },
  };
}

/** An enum without content, by the names of its variants. */
export function variantOf<N extends string>(...variants: readonly N[]): Codec<N> {
  const names = new KnownNames(variants);
  return { read: (r) => r.variant(names), write: (w, value) => w.raw(names.octets[names.placeOf(value)]!) };
}

/** Null for an absent value, both ways. */
export function optional<T>(codec: Codec<T>): Codec<T | null> {
  return {
    read: (r) => r.optional((inner) => codec.read(inner)),
    write(w, value) {
      if (value === null) w.null();
      else codec.write(w, value);
    },
  };
}

function checkLength(value: Uint8Array, length: number): void {
  if (value.length !== length) throw new RangeError(`${value.length} octets instead of ${length}`);
}

/** How one property of a struct stands in its map. */
export interface Field<T> {
  readonly key: string;
  readonly codec: Codec<T>;
  /** Value of a field that is missing; undefined: missing is an error. */
  readonly missing: T | undefined;
  /** Whether the key is left out when the value is null. */
  readonly omit: boolean;
}

/** A field that must be there. */
export function field<T>(key: string, codec: Codec<T>): Field<T> {
  return { key, codec, missing: undefined, omit: false };
}

/** A field that is always written and takes `missing` when it is not there. */
export function defaulted<T>(key: string, codec: Codec<T>, missing: T): Field<T> {
  return { key, codec, missing, omit: false };
}

/** A field that is written as null when absent; null and missing are read alike. */
export function nullable<T>(key: string, codec: Codec<T>): Field<T | null> {
  return { key, codec: optional(codec), missing: null, omit: false };
}

/** A field whose key is left out when absent; null and missing are read alike. */
export function omittable<T>(key: string, codec: Codec<T>): Field<T | null> {
  return { key, codec: optional(codec), missing: null, omit: true };
}

/** The fields of a struct in the order of the wire. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A map with text keys, written in the order in which `fields` lists them (SCP2P wire, section 1). */
export function textStruct<T extends object>(fields: Fields<T>): Codec<T> {
  const list = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  const names = new KnownNames(list.map(([, { key }]) => key));
  return {
    read(r) {
      const found: unknown[] = new Array(list.length);
      r.eachKnownEntry(names, (place) => {
        found[place] = list[place]![1].codec.read(r);
      });
      const value: Record<string, unknown> = {};
      for (let place = 0; place < list.length; place++) {
        const [property, { key, missing }] = list[place]!;
        const read = found[place] === undefined ? missing : found[place];
        if (read === undefined) throw new DecodeError(`missing field \`${key}\``);
        value[property] = read;
      }
      return value as T;
    },
    write(w, value) {
      let count = list.length;
      for (const [property, { omit }] of list) if (omit && value[property] === null) count--;
      w.map(count);
      for (let place = 0; place < list.length; place++) {
        const [property, { codec, omit }] = list[place]!;
        if (omit && value[property] === null) continue;
        w.raw(names.octets[place]!);
        codec.write(w, value[property]);
      }
    },
  };
}

/** Errors of the reference name the field here, and only here. */
function readField<T>(r: Reader, { key, codec }: Field<T>): T {
  try {
    return codec.read(r);
  } catch (error) {
    if (!(error instanceof DecodeError) || !error.message.startsWith('expected')) throw error;
    throw new DecodeError(`field ${key}: ${error.message}`);
  }
}

/**
 * A map with the keys 0, 1, 2 ... in the order in which `fields` lists them. The first of several equal keys counts,
 * keys of other kinds are ignored. The `key` of a field only names it in errors.
 */
export function intStruct<T extends object>(fields: Fields<T>): Codec<T> {
  const list = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  return {
    read(r) {
      const found: unknown[] = new Array(list.length);
      r.eachIntEntry((key) => {
        const entry = list[key];
        if (entry === undefined || found[key] !== undefined) r.skip();
        else found[key] = readField(r, entry[1]);
      });
      const value: Record<string, unknown> = {};
      list.forEach(([property, { key, missing }], index) => {
        const read = found[index] === undefined ? missing : found[index];
        if (read === undefined) throw new DecodeError(`missing field ${key}`);
        value[property] = read;
      });
      return value as T;
    },
    write(w, value) {
      w.map(list.length);
      list.forEach(([property, { codec }], index) => {
        w.uint(index);
        codec.write(w, value[property]);
      });
    },
  };
}
