/**
 * Lists of document numbers, rising. On disk a term has the count of the documents with it in their name, those as
 * varint deltas, then those with it in a tag up to the end, again as deltas.
 */
export class PostingWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(names: readonly number[], tags: readonly number[]): void {
    // Five octets a varint at most.
    this.#reserve(5 * (names.length + tags.length + 1));
    this.#varint(names.length);
    this.#deltas(names);
    this.#deltas(tags);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
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
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** How many documents have the term in their name. Comes first. */
  count(): number {
    return this.#varint();
  }

  /** The next `count` documents of a list. */
  take(count: number): number[] {
    const documents: number[] = [];
    let last = 0;
    for (let i = 0; i < count && this.#at < this.#end; i++) {
      last += this.#varint();
      documents.push(last);
    }
    return documents;
  }

  /** A list that goes to the end. */
  rest(): number[] {
    return this.take(Number.POSITIVE_INFINITY);
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

/** A list this many times longer is searched by leaps instead of walked. */
const GALLOP_RATIO = 16;

/** What two rising lists have in common. */
export function intersect(a: readonly number[], b: readonly number[]): number[] {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const leaps = long.length > short.length * GALLOP_RATIO;
  const common: number[] = [];
  let at = 0;
  for (const document of short) {
    at = leaps ? gallop(long, at, document) : walk(long, at, document);
    if (at >= long.length) break;
    if (long[at] === document) common.push(document);
  }
  return common;
}

/** Everything of two rising lists, each document once. */
export function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const all: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    if (left <= right) i++;
    if (right <= left) j++;
    all.push(Math.min(left, right));
  }
  return all;
}

function walk(list: readonly number[], from: number, document: number): number {
  let at = from;
  while (at < list.length && list[at]! < document) at++;
  return at;
}

function gallop(list: readonly number[], from: number, document: number): number {
  let step = 1;
  let low = from;
  while (low + step < list.length && list[low + step]! < document) {
    low += step;
    step *= 2;
  }
  let high = Math.min(list.length, low + step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < document) low = middle + 1;
    else high = middle;
  }
  return low;
}
