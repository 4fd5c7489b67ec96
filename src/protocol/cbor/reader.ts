import { isUtf8 } from 'node:buffer';
import { DecodeError, UNEXPECTED_END } from './decode-error.ts';
import {
  ARRAY,
  BYTES,
  checkUtf8,
  ItemReader,
  MAP,
  NEGATIVE,
  SIMPLE,
  TAG,
  TEXT,
  UINT,
} from './item-reader.ts';
import { KnownNames } from './known-names.ts';

/** The reference reads a map key through a buffer of this size; longer keys fail there. */
const MAX_KEY_LENGTH = 4096;
const TAG_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const NULL = 22;
const UNDEFINED = 23;

/** How a field of a map is read: called with the reader at the field's value. */
export type FieldReader<T> = (r: Reader) => T;

/** The fields found in a map; a field that was missing is absent. */
export type Found<F extends Readonly<Record<string, FieldReader<unknown>>>> = {
  -readonly [K in keyof F]?: ReturnType<F[K]>;
};

/**
 * Reads CBOR by schema, with the leniency of SCP2P wire, section 1, and nothing beyond it: indefinite lengths, long
 * forms of integers, tags in front of items, unknown text keys and trailing bytes are accepted as the reference
 * accepts them.
 *
 * Every method throws DecodeError and nothing else, whatever the bytes; after that the reader is of no use. Lengths are
 * checked against the input before anything is allocated; nesting stops at MAX_DEPTH; what is skipped is never built.
 * `bytes` and `byteString` give views on the input where they can (valid as long as the input is), everything else is a
 * copy.
 *
 * Every unsigned 64-bit field of the network is a bigint (`u64`), except sizes of files, which must stay below 2^53
 * (`uint(Number.MAX_SAFE_INTEGER)`).
 */
export class Reader extends ItemReader {
  /** An unsigned integer of at most `max` (itself at most 2^53 - 1). */
  uint(max: number): number {
    const start = this.at;
    const value = this.head();
    if (this.major === UINT && value <= max) return value;
    this.at = start;
    const wide = this.u64();
    if (wide > max) throw new DecodeError(`invalid value: integer \`${wide}\`, expected u${bits(max)}`);
    return Number(wide);
  }

  /** An unsigned integer of 64 bits. */
  u64(): bigint {
    for (;;) {
      const value = this.head();
      if (this.major === UINT) return this.wide();
      const negative = this.major === NEGATIVE || (this.major === TAG && value === TAG_NEGATIVE_BIGNUM);
      if (negative) throw new DecodeError('unexpected negative integer');
      if (this.major !== TAG) throw this.unexpected('integer');
      if (value === TAG_BIGNUM) return this.#bignum();
    }
  }

  bool(): boolean {
    const value = this.headAfterTags();
    if (this.major !== SIMPLE || (value !== 20 && value !== 21)) throw new DecodeError('expected bool');
    return value === 21;
  }

  /** UTF-8 text; invalid UTF-8 is an error. */
  text(): string {
    const length = this.headAfterTags();
    if (this.major !== TEXT) throw this.unexpected('string');
    return utf8(this.content(length));
  }

  /** Text, or a byte string of UTF-8, not behind a tag. */
  textOrBytes(): string {
    const length = this.head();
    if (this.major !== TEXT && this.major !== BYTES) throw this.unexpected('string');
    return utf8(this.content(length));
  }

  /** A byte string, or an array of octets where the reference takes one for the other. */
  bytes(): Uint8Array {
    const length = this.headAfterTags();
    if (this.major === BYTES) return plain(this.content(length));
    if (this.major !== ARRAY) throw this.unexpected('bytes');
    return this.#octets(length);
  }

  /** A byte string and nothing else, not even behind a tag: the rule of the maps with integer keys. */
  byteString(): Uint8Array {
    const length = this.head();
    if (this.major !== BYTES) throw new DecodeError('expected bytes');
    return plain(this.content(length));
  }

  /** A byte string of exactly `length` octets: the ids in maps with integer keys. The result is a copy. */
  fixedByteString(length: number): Uint8Array {
    const bytes = this.byteString();
    if (bytes.length !== length) {
      throw new DecodeError(`expected ${length} bytes, got ${bytes.length}`);
    }
    return bytes.slice();
  }

  /**
   * `length` octets as the maps with text keys carry them: an array of integers, or a byte string, of which surplus
   * octets are dropped. Surplus items of an array (and the break of one without length) stay unread, as in the
   * reference: they are misread as what should come next. The result is a copy.
   */
  fixedBytes(length: number): Uint8Array {
    const plainly = new Uint8Array(length);
    if (this.plainOctets(plainly, 0, length)) return plainly;
    const count = this.headAfterTags();
    if (this.major === BYTES) {
      const bytes = plain(this.content(count));
      if (bytes.length < length) throw badLength(bytes.length, length);
      return bytes.slice(0, length);
    }
    if (this.major !== ARRAY) throw this.unexpected('an array');
    const { indefinite } = this;
    if (!indefinite && count < length) throw badLength(count, length);
    return this.#inside(() => {
      const octets = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        if (indefinite && this.atBreak()) throw badLength(i, length);
        octets[i] = this.uint(0xff);
      }
      return octets;
    });
  }

  /**
   * What `fixedBytes` reads, into a buffer, where it is written as every encoder writes it: several times as fast. False,
   * and the reader where it was, where it is written otherwise or is nothing of the kind.
   */
  plainOctets(into: Uint8Array, place: number, length: number): boolean {
    const { input } = this;
    if (length > 0xff || this.remaining < length + 2) return false;
    let at = this.at;
    const head = input[at++]!;
    if (length < 24 ? (head & 0x1f) !== length : (head & 0x1f) !== 24 || input[at++] !== length) return false;
    const major = head >> 5;
    if (major === BYTES) {
      if (at + length > input.length) return false;
      into.set(input.subarray(at, at + length), place);
      this.at = at + length;
      return true;
    }
    if (major !== ARRAY) return false;
    this.checkDepth(0);
    for (let i = 0; i < length; i++) {
      let octet = input[at++];
      if (octet === 0x18) octet = input[at++];
      else if (octet === undefined || octet >= 24) return false;
      if (octet === undefined) return false;
      into[place + i] = octet;
    }
    this.at = at;
    return true;
  }

  /** An array of exactly `length` octets, not behind a tag, and never a byte string. */
  exactOctets(length: number): Uint8Array {
    const count = this.head();
    if (this.major !== ARRAY) throw this.unexpected(`an array of length ${length}`);
    const octets = this.#octets(count);
    if (octets.length !== length) throw badLength(octets.length, length);
    return octets;
  }

  /** Null (or undefined) as null, anything else by `read`. */
  optional<T>(read: FieldReader<T>): T | null {
    const start = this.at;
    const value = this.head();
    if (this.major === SIMPLE && (value === NULL || value === UNDEFINED)) return null;
    this.at = start;
    return read(this);
  }

  /** An array of any length up to `max` items, each by `read`. */
  array<T>(read: FieldReader<T>, max = Number.MAX_SAFE_INTEGER): T[] {
    const items: T[] = [];
    this.eachItem(() => {
      if (items.length >= max) throw new DecodeError(`more than ${max} items`);
      items.push(read(this));
    });
    return items;
  }

  /** Calls `each` with the reader at every item of an array; `each` must read exactly that item. */
  eachItem(each: () => void): void {
    const count = this.headAfterTags();
    if (this.major !== ARRAY) throw this.unexpected('sequence');
    this.#items(count, each);
  }

  /**
   * A map with text keys. Known fields are read by their reader, unknown text keys are skipped; a known key twice, or
   * a key that is neither text nor bytes, is an error.
   */
  textMap<F extends Readonly<Record<string, FieldReader<unknown>>>>(fields: F): Found<F> {
    const names = new KnownNames(Object.keys(fields));
    const found: Record<string, unknown> = {};
    this.eachKnownEntry(names, (place) => {
      const name = names.names[place]!;
      found[name] = fields[name]!(this);
    });
    return found as Found<F>;
  }

  /**
   * The same, one known field after the other: calls `each` with the place of its name and the reader at its value, which
   * it must read. Fastest when they come in the order of the names.
   */
  eachKnownEntry(names: KnownNames, each: (place: number) => void): void {
    const seen = new Uint8Array(names.names.length);
    let next = 0;
    this.#eachEntry(() => {
      const place = this.#isPlain(names.octets[next]) ? next : names.placeOf(this.key());
      if (place < 0) return this.skip();
      if (seen[place] === 1) throw new DecodeError(`duplicate field \`${names.names[place]}\``);
      seen[place] = 1;
      next = place + 1;
      each(place);
    });
  }

  /**
   * Calls `each` for every entry of a map with integer keys, with the reader at the value, which it must read or skip.
   * Keys of other kinds come as -1.
   */
  eachIntEntry(each: (key: number) => void): void {
    this.#eachEntry(() => each(this.#intKey()));
  }

  /**
   * The same for a map whose keys are names or unsigned integers (as indices of fields), with no tag in front of any
   * key or value.
   */
  eachNamedOrIndexedEntry(each: (key: string | number) => void): void {
    this.#eachEntry(() => {
      this.refuseTag();
      const start = this.at;
      const index = this.head();
      let key: string | number = index;
      if (this.major !== UINT) {
        this.at = start;
        key = this.key();
      }
      this.refuseTag();
      each(key);
    });
  }

  /** A name in the place of a map key or a variant: text or bytes. Bytes that are no UTF-8 come as ''. */
  key(): string {
    const length = this.headAfterTags();
    if ((this.major !== TEXT && this.major !== BYTES) || this.indefinite || length > MAX_KEY_LENGTH) {
      throw this.unexpected('str or bytes');
    }
    const isText = this.major === TEXT;
    const bytes = this.take(length);
    if (isText) return utf8(bytes);
    return isUtf8(bytes) ? bytes.toString('utf8') : '';
  }

  /**
   * The name of an enum's variant: plain text, or the key of a map of exactly one entry; the content, if the variant
   * has one, is read next.
   */
  variant<N extends string>({ names, octets }: KnownNames<N>): N {
    for (let i = 0; i < names.length; i++) if (this.#isPlain(octets[i])) return names[i]!;
    const count = this.headAfterTags();
    let name: string;
    if (this.major === TEXT && !this.indefinite && count <= MAX_KEY_LENGTH) name = utf8(this.take(count));
    else if (this.major === MAP && !this.indefinite && count === 1) name = this.key();
    else throw this.unexpected('enum');
    for (const known of names) if (known === name) return known;
    const known = names.map((n) => `\`${n}\``);
    const list = known.length === 2 ? known.join(' or ') : `one of ${known.join(', ')}`;
    throw new DecodeError(`unknown variant \`${name.slice(0, 64)}\`, expected ${list}`);
  }

  /** Throws if a tag comes next. */
  refuseTag(): void {
    if (this.#nextIs(TAG)) throw new DecodeError('unexpected tag');
  }

  /** Whether an array comes next, not behind a tag. */
  nextIsArray(): boolean {
    return this.#nextIs(ARRAY);
  }

  /** Runs `read`, then returns to where the reader was. */
  lookAhead<T>(read: FieldReader<T>): T {
    const start = this.at;
    const value = read(this);
    this.at = start;
    return value;
  }

  /** Whether those octets come next; they are read then. */
  #isPlain(octets: Uint8Array | undefined): boolean {
    if (octets === undefined || octets.length > this.remaining) return false;
    const { input, at } = this;
    for (let i = 0; i < octets.length; i++) if (input[at + i] !== octets[i]) return false;
    this.at = at + octets.length;
    return true;
  }

  #nextIs(major: number): boolean {
    return this.remaining > 0 && (this.input[this.at] as number) >> 5 === major;
  }

  #intKey(): number {
    const start = this.at;
    const key = this.head();
    if (this.major === UINT) return key;
    this.at = start;
    this.skip();
    return -1;
  }

  #eachEntry(each: () => void): void {
    const count = this.headAfterTags();
    if (this.major !== MAP) throw this.unexpected('map');
    this.#items(count, each);
  }

  #items(count: number, each: () => void): void {
    const { indefinite } = this;
    if (count > this.remaining) throw new DecodeError(UNEXPECTED_END);
    this.#inside(() => {
      if (indefinite) {
        while (!this.atBreak()) each();
        this.at++;
      } else {
        for (let i = 0; i < count; i++) each();
      }
    });
  }

  #inside<T>(read: () => T): T {
    this.checkDepth(0);
    this.depth++;
    const value = read();
    this.depth--;
    return value;
  }

  /** The items of the array whose head was just read, as octets. */
  #octets(count: number): Uint8Array {
    if (count > this.remaining) throw new DecodeError(UNEXPECTED_END);
    const { indefinite } = this;
    const octets = new Uint8Array(indefinite ? this.#countOctets() : count);
    this.#inside(() => {
      for (let i = 0; i < octets.length; i++) octets[i] = this.uint(0xff);
    });
    if (indefinite) this.at++;
    return octets;
  }

  /** How many octets come before the break; by a pass of its own, so that room is made for just as many. */
  #countOctets(): number {
    return this.lookAhead(() => {
      let count = 0;
      for (; !this.atBreak(); count++) this.uint(0xff);
      return count;
    });
  }

  #bignum(): bigint {
    const length = this.head();
    if (this.major !== BYTES) throw this.unexpected('bytes');
    let value = 0n;
    for (const octet of this.content(length)) {
      value = (value << 8n) | BigInt(octet);
      if (value > U64_MAX) throw new DecodeError('integer too large');
    }
    return value;
  }
}

/** Buffers stay inside: their `slice` is no copy. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function utf8(bytes: Buffer): string {
  checkUtf8(bytes);
  return bytes.toString('utf8');
}

function badLength(length: number, expected: number): DecodeError {
  return new DecodeError(`invalid length ${length}, expected an array of length ${expected}`);
}

function bits(max: number): string {
  if (max === 0xff) return '8';
  if (max === 0xffff) return '16';
  return max === 0xffff_ffff ? '32' : '64';
}
