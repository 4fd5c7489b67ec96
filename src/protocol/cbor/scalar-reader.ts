import { isUtf8 } from 'node:buffer';
import { DecodeError, UNEXPECTED_END } from './decode-error.ts';
import { ARRAY, BYTES, checkUtf8, ItemReader, NEGATIVE, SIMPLE, TAG, TEXT, UINT } from './item-reader.ts';

/** The reference reads a map key through a buffer of this size; longer keys fail there. */
export const MAX_KEY_LENGTH = 4096;
const TAG_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * The middle of the reader: numbers, truth, texts and octets, each in every form that the reference takes for one. What they
 * are part of, arrays, maps and enums, is read by `Reader`.
 */
export class ScalarReader extends ItemReader {
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
    return this.inside(() => {
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

  /** What is read is one level deeper. */
  protected inside<T>(read: () => T): T {
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
    this.inside(() => {
      for (let i = 0; i < octets.length; i++) octets[i] = this.uint(0xff);
    });
    if (indefinite) this.at++;
    return octets;
  }

  /** How many octets come before the break; by a pass of its own, so that room is made for just as many. */
  #countOctets(): number {
    const start = this.at;
    let count = 0;
    for (; !this.atBreak(); count++) this.uint(0xff);
    this.at = start;
    return count;
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

export function utf8(bytes: Buffer): string {
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
