import { isUtf8 } from 'node:buffer';
import { DecodeError } from './decode-error.ts';

/** Arrays, maps and enums inside each other, as deep as the reference's decoder follows them. */
export const MAX_DEPTH = 256;

/** The reference reads a map key through a buffer of this size; longer keys fail there. */
const MAX_KEY_LENGTH = 4096;

const TWO_32 = 0x1_0000_0000;
const TAG_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;
const BREAK = 0xff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

const NAMES = ['integer', 'integer', 'bytes', 'string', 'sequence', 'map', 'tag', 'simple'] as const;
const SIMPLE_NAMES = new Map([
  [20, 'boolean `false`'],
  [21, 'boolean `true`'],
  [22, 'null'],
  [23, 'undefined'],
]);
/** What `#head` returns for a float: no field of the network takes one. */
const FLOAT = -1;

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
 * Every method throws DecodeError and nothing else, whatever the bytes. Lengths are checked against the input before
 * anything is allocated; nesting stops at MAX_DEPTH; what is skipped is never built. `bytes` and `byteString` give
 * views on the input (valid as long as the input is), `fixedBytes` and the texts are copies.
 *
 * Every unsigned 64-bit field of the network is a bigint (`u64`), except sizes of files, which must stay below 2^53
 * (`uint(Number.MAX_SAFE_INTEGER)`).
 */
export class Reader {
  readonly #input: Buffer;
  readonly #end: number;
  #at: number;
  #depth = 0;

  // The head read last: major type, its argument (rounded when above 2^53), the halves of a 64-bit argument.
  #major = 0;
  #value = 0;
  #indefinite = false;
  #high = 0;
  #low = 0;

  /** @param offset where to start in `input`, @param end where to stop (exclusive) */
  constructor(input: Uint8Array, offset = 0, end = input.length) {
    this.#input = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    this.#at = offset;
    this.#end = end;
  }

  /** Offset of the next unread byte in the input. */
  get position(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** An unsigned integer of at most `max` (itself at most 2^53 - 1). */
  uint(max: number): number {
    const small = this.#input[this.#at] as number;
    if (this.#at < this.#end && small < 24 && small <= max) {
      this.#at++;
      return small;
    }
    const value = this.u64();
    if (value > max) throw new DecodeError(`invalid value: integer \`${value}\`, expected u${bits(max)}`);
    return Number(value);
  }

  /** An unsigned integer of 64 bits. */
  u64(): bigint {
    for (;;) {
      const value = this.#head();
      if (this.#major === UINT) return value < TWO_32 ? BigInt(value) : this.#wide();
      if (this.#major === NEGATIVE) throw new DecodeError('unexpected negative integer');
      if (this.#major !== TAG) throw this.#unexpected('integer');
      if (value === TAG_BIGNUM) return this.#bignum();
      if (value === TAG_NEGATIVE_BIGNUM) throw new DecodeError('unexpected negative integer');
    }
  }

  bool(): boolean {
    const value = this.#headAfterTags();
    if (this.#major !== SIMPLE || (value !== 20 && value !== 21)) throw new DecodeError('expected bool');
    return value === 21;
  }

  /** UTF-8 text; invalid UTF-8 is an error. */
  text(): string {
    const length = this.#headAfterTags();
    if (this.#major !== TEXT) throw this.#unexpected('string');
    return this.#indefinite ? this.#joined(TEXT).toString('utf8') : this.#utf8(this.#take(length));
  }

  /** A byte string, or an array of octets where the reference takes one for the other. */
  bytes(): Uint8Array {
    const length = this.#headAfterTags();
    if (this.#major === BYTES) return this.#byteContent(length);
    if (this.#major !== ARRAY) throw this.#unexpected('bytes');
    return this.#octets(length);
  }

  /** A byte string and nothing else, not even behind a tag: the rule of the maps with integer keys. */
  byteString(): Uint8Array {
    const length = this.#head();
    if (this.#major !== BYTES) throw new DecodeError('expected bytes');
    return this.#byteContent(length);
  }

  /** A byte string of exactly `length` octets: the ids in maps with integer keys. The result is a copy. */
  fixedByteString(length: number): Uint8Array {
    const bytes = this.byteString();
    if (bytes.length !== length) throw badLength(bytes.length, length);
    return bytes.slice();
  }

  /**
   * `length` octets as the maps with text keys carry them: an array of integers, or a byte string, of which surplus
   * octets are dropped. Surplus items of an array (and the break of one without length) stay unread, as in the
   * reference: they are misread as what should come next. The result is a copy.
   */
  fixedBytes(length: number): Uint8Array {
    const count = this.#headAfterTags();
    if (this.#major === BYTES) {
      const bytes = this.#byteContent(count);
      if (bytes.length < length) throw badLength(bytes.length, length);
      return new Uint8Array(bytes.subarray(0, length));
    }
    if (this.#major !== ARRAY) throw this.#unexpected('an array');
    const indefinite = this.#indefinite;
    if (!indefinite && count < length) throw badLength(count, length);
    return this.#inside(() => {
      const octets = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        if (indefinite && this.#input[this.#at] === BREAK && this.#at < this.#end) throw badLength(i, length);
        octets[i] = this.uint(0xff);
      }
      return octets;
    });
  }

  /** Null (or undefined) as null, anything else by `read`. */
  optional<T>(read: FieldReader<T>): T | null {
    const at = this.#at;
    const value = this.#head();
    if (this.#major === SIMPLE && (value === 22 || value === 23)) return null;
    this.#at = at;
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
    const count = this.#headAfterTags();
    if (this.#major !== ARRAY) throw this.#unexpected('sequence');
    this.#items(count, each);
  }

  /**
   * A map with text keys. Known fields are read by their reader, unknown text keys are skipped; a known key twice, or
   * a key that is neither text nor bytes, is an error.
   */
  textMap<F extends Readonly<Record<string, FieldReader<unknown>>>>(fields: F): Found<F> {
    const found: Record<string, unknown> = {};
    this.eachTextEntry((key) => {
      const read = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (read === undefined) return this.skip();
      if (Object.hasOwn(found, key)) throw new DecodeError(`duplicate field \`${key}\``);
      found[key] = read(this);
    });
    return found as Found<F>;
  }

  /** Calls `each` for every entry of a map with text keys, with the reader at the value, which it must read or skip. */
  eachTextEntry(each: (key: string) => void): void {
    const count = this.#headAfterTags();
    if (this.#major !== MAP) throw this.#unexpected('map');
    this.#items(count, () => each(this.key()));
  }

  /**
   * Calls `each` for every entry of a map with integer keys, with the reader at the value, which it must read or skip.
   * Keys of other kinds come as -1.
   */
  eachIntEntry(each: (key: number) => void): void {
    const count = this.#headAfterTags();
    if (this.#major !== MAP) throw this.#unexpected('map');
    this.#items(count, () => {
      const at = this.#at;
      const value = this.#head();
      let key = value;
      if (this.#major !== UINT) {
        this.#at = at;
        this.skip();
        key = -1;
      }
      each(key);
    });
  }

  /** A name in the place of a map key or a variant: text or bytes. Bytes that are no UTF-8 come as ''. */
  key(): string {
    const length = this.#headAfterTags();
    if ((this.#major !== TEXT && this.#major !== BYTES) || this.#indefinite || length > MAX_KEY_LENGTH) {
      throw this.#unexpected('str or bytes');
    }
    const isText = this.#major === TEXT;
    const bytes = this.#take(length);
    if (isText) return this.#utf8(bytes);
    return isUtf8(bytes) ? bytes.toString('utf8') : '';
  }

  /**
   * The name of an enum's variant: plain text, or the key of a map of exactly one entry; the content, if the variant
   * has one, is read next.
   */
  variant<N extends string>(names: readonly N[]): N {
    const at = this.#skipTags();
    const count = this.#head();
    if (this.#major === TEXT) this.#at = at;
    else if (this.#major !== MAP || this.#indefinite || count !== 1) throw this.#unexpected('enum');
    const name = this.key();
    for (const known of names) if (known === name) return known;
    const known = names.map((n) => `\`${n}\``);
    const list = known.length === 2 ? known.join(' or ') : `one of ${known.join(', ')}`;
    throw new DecodeError(`unknown variant \`${name.slice(0, 64)}\`, expected ${list}`);
  }

  /** Whether the next item is an array (tags not looked through). */
  nextIsArray(): boolean {
    return this.#at < this.#end && (this.#input[this.#at] as number) >> 5 === ARRAY;
  }

  /** Runs `read`, then returns to where the reader was. */
  lookAhead<T>(read: FieldReader<T>): T {
    const at = this.#at;
    const value = read(this);
    this.#at = at;
    return value;
  }

  /** Passes over one item of any kind, without recursion and without building anything; it must be well-formed. */
  skip(): void {
    // Items still to come at each open level; -1: until a break.
    const open: number[] = [];
    do {
      const level = open.length - 1;
      if (level >= 0 && this.#closed(open, level)) continue;
      const value = this.#head();
      switch (this.#major) {
        case BYTES:
          if (this.#indefinite) this.#eachSegment(BYTES, () => {});
          else this.#take(value);
          break;
        case TEXT:
          if (this.#indefinite) this.#eachSegment(TEXT, checkUtf8);
          else checkUtf8(this.#take(value));
          break;
        case ARRAY:
        case MAP: {
          const width = this.#major === MAP ? 2 : 1;
          if (!this.#indefinite && value * width > this.remaining) throw new DecodeError('unexpected end');
          if (this.#depth + open.length >= MAX_DEPTH) throw new DecodeError('recursion limit exceeded');
          // An indefinite map may only be closed between entries, hence the second kind of open end.
          open.push(this.#indefinite ? -width : value * width);
          break;
        }
        case TAG:
          if (this.#depth + open.length >= MAX_DEPTH) throw new DecodeError('recursion limit exceeded');
          open.push(1);
          break;
        case SIMPLE:
          if (this.#indefinite) throw new DecodeError('unexpected break');
          if (value !== FLOAT && (value < 20 || value > 23)) throw this.#unexpected('known simple value');
          break;
      }
    } while (open.length > 0);
  }

  /** Counts one item at the innermost open level of `skip`; true if the level was closed instead. */
  #closed(open: number[], level: number): boolean {
    const left = open[level] as number;
    if (left === 0) {
      open.pop();
      return true;
    }
    if (left > 0) {
      open[level] = left - 1;
      return false;
    }
    // -1 array, -2 map before a key, -3 map before a value.
    if (left !== -3 && this.#atBreak()) {
      this.#at++;
      open.pop();
      return true;
    }
    if (left !== -1) open[level] = left === -2 ? -3 : -2;
    return false;
  }

  #items(count: number, each: () => void): void {
    const indefinite = this.#indefinite;
    if (!indefinite && count > this.remaining) throw new DecodeError('unexpected end');
    this.#inside(() => {
      if (!indefinite) {
        for (let i = 0; i < count; i++) each();
        return;
      }
      while (!this.#atBreak()) each();
      this.#at++;
    });
  }

  #inside<T>(read: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw new DecodeError('recursion limit exceeded');
    this.#depth++;
    const value = read();
    this.#depth--;
    return value;
  }

  #octets(count: number): Uint8Array {
    const indefinite = this.#indefinite;
    if (!indefinite) {
      if (count > this.remaining) throw new DecodeError('unexpected end');
      return this.#inside(() => {
        const octets = new Uint8Array(count);
        for (let i = 0; i < count; i++) octets[i] = this.uint(0xff);
        return octets;
      });
    }
    // The number is known only after a first pass; the second one then fills an array of the right size.
    const octets = new Uint8Array(
      this.lookAhead(() => {
        let length = 0;
        this.#items(0, () => {
          this.uint(0xff);
          length++;
        });
        return length;
      }),
    );
    let i = 0;
    this.#indefinite = true;
    this.#items(0, () => {
      octets[i++] = this.uint(0xff);
    });
    return octets;
  }

  #byteContent(length: number): Buffer {
    return this.#indefinite ? this.#joined(BYTES) : this.#take(length);
  }

  /** A string that came in pieces, as one copy: measured first, so that empty pieces cost nothing. */
  #joined(major: number): Buffer {
    let length = 0;
    this.lookAhead(() =>
      this.#eachSegment(major, (segment) => {
        if (major === TEXT) checkUtf8(segment);
        length += segment.length;
      }),
    );
    const joined = Buffer.alloc(length);
    let at = 0;
    this.#eachSegment(major, (segment) => {
      joined.set(segment, at);
      at += segment.length;
    });
    return joined;
  }

  /** The pieces of a string without length; pieces may themselves be strings without length. */
  #eachSegment(major: number, each: (segment: Buffer) => void): void {
    let nested = 1;
    while (nested > 0) {
      if (this.#atBreak()) {
        this.#at++;
        nested--;
        continue;
      }
      const length = this.#head();
      if (this.#major !== major) throw this.#unexpected(NAMES[major] as string);
      if (this.#indefinite) nested++;
      else each(this.#take(length));
    }
  }

  #bignum(): bigint {
    const length = this.#head();
    if (this.#major !== BYTES) throw this.#unexpected('bytes');
    let value = 0n;
    for (const octet of this.#byteContent(length)) {
      value = (value << 8n) | BigInt(octet);
      if (value > U64_MAX) throw new DecodeError('integer too large');
    }
    return value;
  }

  #utf8(bytes: Buffer): string {
    checkUtf8(bytes);
    return bytes.toString('utf8');
  }

  #take(length: number): Buffer {
    if (length > this.remaining) throw new DecodeError('unexpected end');
    const from = this.#at;
    this.#at += length;
    return this.#input.subarray(from, this.#at);
  }

  #atBreak(): boolean {
    if (this.#at >= this.#end) throw new DecodeError('unexpected end');
    return this.#input[this.#at] === BREAK;
  }

  #skipTags(): number {
    for (;;) {
      const at = this.#at;
      this.#head();
      if (this.#major !== TAG) {
        this.#at = at;
        return at;
      }
    }
  }

  #headAfterTags(): number {
    let value: number;
    do value = this.#head();
    while (this.#major === TAG);
    return value;
  }

  /**
   * Reads one head and returns its argument. Simple values come by number, in their long form too; floats as FLOAT;
   * a break is major SIMPLE with #indefinite set.
   */
  #head(): number {
    this.#value = this.#readHead();
    return this.#value;
  }

  #readHead(): number {
    if (this.#at >= this.#end) throw new DecodeError('unexpected end');
    const initial = this.#input[this.#at++] as number;
    this.#major = initial >> 5;
    this.#indefinite = false;
    const info = initial & 31;
    if (info < 24) return info;
    if (info === 31) {
      if (this.#major < BYTES || this.#major === TAG) throw new DecodeError('malformed item');
      this.#indefinite = true;
      return 0;
    }
    if (info > 27) throw new DecodeError('malformed item');
    const width = 1 << (info - 24);
    if (width > this.remaining) throw new DecodeError('unexpected end');
    const at = this.#at;
    this.#at += width;
    if (this.#major === SIMPLE && width > 1) return FLOAT;
    if (width < 8) return this.#input.readUIntBE(at, width);
    this.#high = this.#input.readUInt32BE(at);
    this.#low = this.#input.readUInt32BE(at + 4);
    return this.#high * TWO_32 + this.#low;
  }

  #wide(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  #unexpected(expected: string): DecodeError {
    return new DecodeError(`invalid type: ${this.#found()}, expected ${expected}`);
  }

  #found(): string {
    if (this.#major === UINT) return `integer \`${this.#value}\``;
    if (this.#major === NEGATIVE) return `integer \`${-1 - this.#value}\``;
    if (this.#major !== SIMPLE) return NAMES[this.#major] as string;
    if (this.#indefinite) return 'break';
    if (this.#value === FLOAT) return 'floating point';
    return SIMPLE_NAMES.get(this.#value) ?? 'simple';
  }
}

function checkUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw new DecodeError('invalid utf-8');
}

function badLength(length: number, expected: number): DecodeError {
  return new DecodeError(`invalid length ${length}, expected an array of length ${expected}`);
}

function bits(max: number): string {
  if (max === 0xff) return '8';
  if (max === 0xffff) return '16';
  return max === 0xffff_ffff ? '32' : '64';
}
