import { bitIn, bitsOf, numbersIn } from './bits.ts';

/** Of a term's first number, below the count of its names. */
const HAS_TAGS = 1;
const DENSE = 2;
const COUNT_SHIFT = 2;
/** In place of a list: everything is wanted. */
const ALL = null;

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
export class PostingList {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #end: number;
  readonly #documents: number;
  readonly #dense: boolean;
  /** How many documents have the term in their name. */
  readonly count: number;
  readonly hasTags: boolean;

  constructor(bytes: Uint8Array, at: number, end: number, documents: number) {
    let number = 0;
    let from = at;
    for (let shift = 0; from < end; shift += 7) {
      const octet = bytes[from++]!;
      number |= (octet & 127) << shift;
      if (octet < 128) break;
    }
    this.#bytes = bytes;
    this.#from = from;
    this.#end = end;
    this.#documents = documents;
    this.#dense = (number & DENSE) !== 0;
    this.count = number >>> COUNT_SHIFT;
    this.hasTags = (number & HAS_TAGS) !== 0;
  }

  /** The first `max` documents with the term in their name. */
  names(max = Number.POSITIVE_INFINITY): number[] {
    const count = Math.min(max, this.count);
    if (!this.#dense) return this.#deltas(this.#from, count, ALL).list;
    return numbersIn(this.#bytes, this.#from, this.#end, count);
  }

  /** Those of a rising list that have the term in their name. */
  common(list: readonly number[]): number[] {
    if (this.#dense) return list.filter((document) => bitIn(this.#bytes, this.#from, document));
    return this.#deltas(this.#from, this.count, list).list;
  }

  /** Documents with the term in a tag. */
  tags(): number[] {
    if (!this.hasTags) return [];
    const behind = this.#dense
      ? this.#from + Math.ceil(this.#documents / 8)
      : this.#deltas(this.#from, this.count, []).end;
    return this.#deltas(behind, Number.POSITIVE_INFINITY, ALL).list;
  }

  /** The next `count` of a list, or those of them that are in `wanted` as well; and where it went on from there. */
  #deltas(from: number, count: number, wanted: readonly number[] | null) {
    const bytes = this.#bytes;
    const end = this.#end;
    const list: number[] = [];
    let at = from;
    let last = 0;
    let place = 0;
    for (let i = 0; i < count && at < end; i++) {
      let octet = bytes[at++]!;
      let value = octet & 127;
      for (let shift = 7; octet >= 128 && at < end; shift += 7) {
        octet = bytes[at++]!;
        value |= (octet & 127) << shift;
      }
      last += value >>> 0;
      if (wanted === ALL) list.push(last);
      else if (wanted.length > 0) {
        while (place < wanted.length && wanted[place]! < last) place++;
        if (place >= wanted.length) break;
        if (wanted[place] === last) list.push(last);
      }
    }
    return { list, end: at };
  }
}
