import { bitIn, bitsOf } from './bits.ts';

/** Of a term's first number, below the count of its names. */
const HAS_TAGS = 1;
const DENSE = 2;
const COUNT_SHIFT = 2;

/**
 * Lists of document numbers, rising. On disk a term has a number (how many documents have it in their name, whether those
 * are dense, whether any have it in a tag), the names, and the tags up to the end. A list is varint deltas; dense names
 * are one bit a document, which is both shorter and faster from one document in eight on.
 */
export class PostingWriter {
  readonly #documents: number;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  constructor(documents: number) {
    this.#documents = documents;
  }

  get length(): number {
    return this.#length;
  }

  add(names: readonly number[], tags: readonly number[]): void {
    const dense = names.length > this.#documents / 8;
    // Five octets a varint at most.
    this.#reserve(5 * (names.length + tags.length + 1) + this.#documents / 8 + 1);
    this.#varint((names.length << COUNT_SHIFT) | (dense ? DENSE : 0) | (tags.length > 0 ? HAS_TAGS : 0));
    if (dense) this.#bits(names);
    else this.#deltas(names);
    this.#deltas(tags);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #bits(documents: readonly number[]): void {
    const bits = bitsOf(documents, this.#documents);
    this.#bytes.set(bits, this.#length);
    this.#length += bits.length;
  }

  #deltas(documents: readonly number[]): void {
    let last = 0;
    for (const document of documents) {
      this.#varint(document - last);
      last = document;
    }
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Documents of one term; reads from `at` up to `end` and nothing else. */
export class PostingReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #documents: number;
  readonly #dense: boolean;
  /** How many documents have the term in their name. */
  readonly count: number;
  readonly hasTags: boolean;
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number, documents: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#documents = documents;
    const number = this.#varint();
    this.count = number >>> COUNT_SHIFT;
    this.#dense = (number & DENSE) !== 0;
    this.hasTags = (number & HAS_TAGS) !== 0;
  }

  /** The first `max` documents with the term in their name. Either this or `common`, once. */
  names(max = Number.POSITIVE_INFINITY): number[] {
    const count = Math.min(max, this.count);
    if (!this.#dense) return this.#take(count);
    const from = this.#passBits();
    const documents: number[] = [];
    for (let document = 0; document < this.#documents && documents.length < count; document++) {
      if (bitIn(this.#bytes, from, document)) documents.push(document);
    }
    return documents;
  }

  /** Those of a rising list that have the term in their name. */
  common(list: readonly number[]): number[] {
    if (this.#dense) {
      const from = this.#passBits();
      return list.filter((document) => bitIn(this.#bytes, from, document));
    }
    const common: number[] = [];
    let last = 0;
    let at = 0;
    for (let i = 0; i < this.count && this.#at < this.#end; i++) {
      last += this.#varint();
      while (at < list.length && list[at]! < last) at++;
      if (at >= list.length) break;
      if (list[at] === last) common.push(last);
    }
    return common;
  }

  /** Documents with the term in a tag. After `names` with all of them. */
  tags(): number[] {
    return this.hasTags ? this.#take(Number.POSITIVE_INFINITY) : [];
  }

  #passBits(): number {
    const from = this.#at;
    this.#at += Math.ceil(this.#documents / 8);
    return from;
  }

  #take(count: number): number[] {
    const documents: number[] = [];
    let last = 0;
    for (let i = 0; i < count && this.#at < this.#end; i++) {
      last += this.#varint();
      documents.push(last);
    }
    return documents;
  }

  #varint(): number {
    let value = 0;
    let shift = 0;
    while (this.#at < this.#end) {
      const octet = this.#bytes[this.#at++]!;
      value |= (octet & 127) << shift;
      if (octet < 128) break;
      shift += 7;
    }
    return value >>> 0;
  }
}
