import { isUtf8 } from 'node:buffer';
import { DecodeError, UNEXPECTED_END } from './decode-error.ts';

/** Arrays, maps and enums inside each other, as deep as the reference's decoder follows them. */
export const MAX_DEPTH = 256;

/** Major types of CBOR. */
export const UINT = 0;
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const ARRAY = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

/** What `head` returns for a float: no field of the network takes one. */
const FLOAT = -1;
const BREAK = 0xff;
const TWO_32 = 0x1_0000_0000;

const NAMES = ['integer', 'integer', 'bytes', 'string', 'sequence', 'map', 'tag', 'simple'] as const;
const SIMPLE_NAMES = new Map([
  [20, 'boolean `false`'],
  [21, 'boolean `true`'],
  [22, 'null'],
  [23, 'undefined'],
]);

/**
 * The lower half of the reader: heads, the content of strings, and passing over items without building them. Nothing
 * here recurses, and nothing is allocated by a length that the input does not bear out.
 */
export class ItemReader {
  protected readonly input: Buffer;
  protected at: number;
  protected depth = 0;

  // The head read last: major type, whether it came without a length (or is a break).
  protected major = 0;
  protected indefinite = false;
  // Its argument, rounded when above 2^53, and the halves of a 64-bit one.
  #value = 0;
  #high = 0;
  #low = 0;
  readonly #end: number;

  /** @param offset where to start in `input`, @param end where to stop (exclusive) */
  constructor(input: Uint8Array, offset = 0, end = input.length) {
    this.input = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    this.at = offset;
    this.#end = end;
  }

  /** Offset of the next unread byte in the input. */
  get position(): number {
    return this.at;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.at;
  }

  /** Passes over one item of any kind; it must be well-formed. */
  skip(): void {
    // Items to come at each open level; below zero where only a break ends it.
    const open: number[] = [];
    do {
      if (open.length > 0 && this.#closes(open)) continue;
      const value = this.head();
      if (this.major === BYTES) {
        if (this.indefinite) this.#eachSegment(BYTES, () => {});
        else this.take(value);
      } else if (this.major === TEXT) {
        if (this.indefinite) this.#eachSegment(TEXT, checkUtf8);
        else checkUtf8(this.take(value));
      } else if (this.major === ARRAY || this.major === MAP) {
        const items = this.major === MAP ? value * 2 : value;
        if (items > this.remaining) throw new DecodeError(UNEXPECTED_END);
        this.checkDepth(open.length);
        open.push(this.indefinite ? (this.major === MAP ? OPEN_MAP_KEY : OPEN_ARRAY) : items);
      } else if (this.major === TAG) {
        this.checkDepth(open.length);
        open.push(1);
      } else if (this.major === SIMPLE) {
        const known = value === FLOAT || (value >= 20 && value <= 23);
        if (this.indefinite || !known) throw this.unexpected('known simple value');
      }
    } while (open.length > 0);
  }

  /** Counts one item at the innermost open level; true if that level ends here instead. */
  #closes(open: number[]): boolean {
    const level = open.length - 1;
    const left = open[level] as number;
    if (left === 0) {
      open.pop();
      return true;
    }
    if (left > 0) {
      open[level] = left - 1;
      return false;
    }
    // A map cannot end between a key and its value.
    if (left !== OPEN_MAP_VALUE && this.atBreak()) {
      this.at++;
      open.pop();
      return true;
    }
    if (left !== OPEN_ARRAY) open[level] = left === OPEN_MAP_KEY ? OPEN_MAP_VALUE : OPEN_MAP_KEY;
    return false;
  }

  /**
   * Reads one head and returns its argument. Simple values come by number, in their long form too; a break is a simple
   * value without a length.
   */
  protected head(): number {
    this.#value = this.#readHead();
    return this.#value;
  }

  /** The same, past any tags: the reference looks through them. */
  protected headAfterTags(): number {
    let value: number;
    do value = this.head();
    while (this.major === TAG);
    return value;
  }

  /** The argument of the head read last, as 64 bits. */
  protected wide(): bigint {
    return this.#value < TWO_32 ? BigInt(this.#value) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  #readHead(): number {
    if (this.at >= this.#end) throw new DecodeError(UNEXPECTED_END);
    const initial = this.input[this.at++] as number;
    this.major = initial >> 5;
    this.indefinite = false;
    const info = initial & 31;
    if (info < 24) return info;
    if (info === 31) {
      if (this.major < BYTES || this.major === TAG) throw new DecodeError('malformed item');
      this.indefinite = true;
      return 0;
    }
    if (info > 27) throw new DecodeError('malformed item');
    const width = 1 << (info - 24);
    if (width > this.remaining) throw new DecodeError(UNEXPECTED_END);
    const at = this.at;
    this.at += width;
    if (this.major === SIMPLE && width > 1) return FLOAT;
    if (width === 1) return this.input[at] as number;
    if (width < 8) return this.input.readUIntBE(at, width);
    this.#high = this.input.readUInt32BE(at);
    this.#low = this.input.readUInt32BE(at + 4);
    return this.#high * TWO_32 + this.#low;
  }

  /** The content of the string whose head was just read: a view, or a copy if it came in pieces. */
  protected content(length: number): Buffer {
    return this.indefinite ? this.#joined(this.major) : this.take(length);
  }

  protected take(length: number): Buffer {
    if (length > this.remaining) throw new DecodeError(UNEXPECTED_END);
    const from = this.at;
    this.at += length;
    return this.input.subarray(from, this.at);
  }

  /** A string that came in pieces, as one copy: measured first, so that empty pieces cost nothing. */
  #joined(major: number): Buffer {
    const start = this.at;
    let length = 0;
    this.#eachSegment(major, (segment) => {
      if (major === TEXT) checkUtf8(segment);
      length += segment.length;
    });
    const joined = Buffer.alloc(length);
    let filled = 0;
    this.at = start;
    this.#eachSegment(major, (segment) => {
      joined.set(segment, filled);
      filled += segment.length;
    });
    return joined;
  }

  /** The pieces of a string without length; pieces may themselves be strings without length. */
  #eachSegment(major: number, each: (segment: Buffer) => void): void {
    let nested = 1;
    while (nested > 0) {
      if (this.atBreak()) {
        this.at++;
        nested--;
        continue;
      }
      const length = this.head();
      if (this.major !== major) throw this.unexpected(NAMES[major] as string);
      if (this.indefinite) nested++;
      else each(this.take(length));
    }
  }

  protected atBreak(): boolean {
    if (this.at >= this.#end) throw new DecodeError(UNEXPECTED_END);
    return this.input[this.at] === BREAK;
  }

  protected checkDepth(further: number): void {
    if (this.depth + further >= MAX_DEPTH) throw new DecodeError('recursion limit exceeded');
  }

  protected unexpected(expected: string): DecodeError {
    return new DecodeError(`invalid type: ${this.#found()}, expected ${expected}`);
  }

  #found(): string {
    if (this.major === UINT) return `integer \`${this.#value}\``;
    if (this.major === NEGATIVE) return `integer \`${-1 - this.#value}\``;
    if (this.major !== SIMPLE) return NAMES[this.major] as string;
    if (this.indefinite) return 'break';
    return this.#value === FLOAT ? 'floating point' : (SIMPLE_NAMES.get(this.#value) ?? 'simple');
  }
}

/** Levels of `skip` that end at a break. */
const OPEN_ARRAY = -1;
const OPEN_MAP_KEY = -2;
const OPEN_MAP_VALUE = -3;

export function checkUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw new DecodeError('invalid utf-8');
}
