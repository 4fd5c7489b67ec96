import { bloomHas } from './bloom.ts';
import { PostingList } from './postings.ts';
import { headOf, openIndex, type SegmentParts, TERMS_A_HEAD } from './segment-format.ts';
import type { TermHash } from './term-hash.ts';

export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** One segment in memory. Terms are told by their place among the sorted terms. */
export class Segment {
  readonly documents: number;
  /** Octets held in memory. */
  readonly octets: number;
  /** Octets of the rows file that belongs to it. */
  readonly rowOctets: number;
  /** How words were brought to their stems when it was built. */
  readonly stemming: number;
  readonly #parts: SegmentParts;

  private constructor(octets: number, parts: SegmentParts) {
    this.octets = octets;
    this.documents = parts.counts.documents;
    this.rowOctets = parts.counts.rowOctets;
    this.stemming = parts.counts.stemming;
    this.#parts = parts;
  }

  /** Null when the index is damaged, cut off, or of another format. */
  static open(index: Uint8Array): Segment | null {
    const parts = openIndex(index);
    return parts === null ? null : new Segment(index.length, parts);
  }

  get manifestId(): Uint8Array {
    return this.#parts.manifestId;
  }

  /** False: certainly no document has it. */
  mayHave(hash: TermHash): boolean {
    return bloomHas(this.#parts.bloom, this.#parts.counts.bloomBits, hash);
  }

  /** What `mayHave` asks (bloom.ts). */
  get filter(): Uint32Array {
    return this.#parts.bloom;
  }

  /** Documents with exactly that name, by rank. */
  named({ first, second }: TermHash): number[] {
    const { nameHashes, nameChecks, nameDocuments } = this.#parts;
    const documents: number[] = [];
    let low = 0;
    let high = nameHashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (nameHashes[middle]! < first) low = middle + 1;
      else high = middle;
    }
    for (let at = low; nameHashes[at] === first; at++) {
      if (nameChecks[at] === second) documents.push(nameDocuments[at]!);
    }
    return documents;
  }

  /** The place of the term; where it is missing, the complement of where it would stand. */
  find(term: Uint8Array): number {
    const head = headOf(term, 0, term.length);
    // Terms before the last head below ours are below it, those from the first head above it on above.
    const below = this.#headsBelow(head, 0);
    const isShared = this.#parts.heads[below] === head;
    const above = isShared ? this.#headsBelow(head + 1, below) : below;
    let low = Math.max(0, below - 1) * TERMS_A_HEAD;
    let high = Math.min(this.#parts.counts.terms, above * TERMS_A_HEAD) - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle, term);
      if (order < 0) low = middle + 1;
      else if (order > 0) high = middle - 1;
      else return middle;
    }
    return ~low;
  }

  /** Whether there is a term at that place and it begins so. */
  beginsWith(place: number, prefix: Uint8Array): boolean {
    const { terms, termOffsets, counts } = this.#parts;
    if (place >= counts.terms) return false;
    const start = termOffsets[place]!;
    if (termOffsets[place + 1]! - start < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if (terms[start + i] !== prefix[i]) return false;
    return true;
  }

  /** How many terms there are. */
  get terms(): number {
    return this.#parts.counts.terms;
  }

  term(place: number): string {
    const { terms, termOffsets } = this.#parts;
    return Buffer.from(terms.buffer, terms.byteOffset, terms.length).toString(
      'utf8',
      termOffsets[place]!,
      termOffsets[place + 1]!,
    );
  }

  /** The documents of the term at that place. */
  list(place: number): PostingList {
    const { postings, postingOffsets } = this.#parts;
    return new PostingList(postings, postingOffsets[place]!, postingOffsets[place + 1]!, this.documents);
  }

  /** Where the document's row lies in the rows file. */
  row(document: number): Span {
    const offset = this.#parts.rowOffsets[document]!;
    return { offset, length: this.#parts.rowOffsets[document + 1]! - offset };
  }

  /** How many heads are below that number; at least `from` are. */
  #headsBelow(head: number, from: number): number {
    const { heads } = this.#parts;
    let low = from;
    let high = heads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (heads[middle]! < head) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(place: number, term: Uint8Array): number {
    const { terms, termOffsets } = this.#parts;
    const start = termOffsets[place]!;
    const length = termOffsets[place + 1]! - start;
    const shared = Math.min(length, term.length);
    for (let i = 0; i < shared; i++) {
      const difference = terms[start + i]! - term[i]!;
      if (difference !== 0) return difference;
    }
    return length - term.length;
  }
}
