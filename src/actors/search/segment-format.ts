import { blake3 } from '../../protocol/crypto/blake3.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import { bloomWords } from './bloom.ts';

/**
 * A segment is two files: the index, which is read into memory whole, and the rows, of which only those shown are ever
 * read. The index, in 32-bit words of the machine's own order unless said otherwise:
 *
 *   header (16 words)   magic, version, documents, terms, bloom bits, octets of terms, of postings, of rows, how words
 *                       were brought to their stems (stemmer.ts)
 *   manifest id         32 octets: the revision the segment was built from
 *   term offsets        terms + 1, into the term octets
 *   posting offsets     terms + 1, into the postings
 *   term heads          the first four octets of every sixteenth term, as one number each
 *   bloom filter        bits / 32
 *   name table          3 columns of `documents`: first hash (rising), second hash, document
 *   row offsets         documents + 1, into the rows file
 *   term octets         UTF-8, sorted by octets, padded to a word
 *   postings            see postings.ts, padded to a word
 *   checksum            BLAKE3 of everything before it, 32 octets
 */
const MAGIC = 0x47534547;
/** Raised with every change of the format or of how text becomes terms: older segments are rebuilt. */
const VERSION = 4;
const HEADER_WORDS = 16;
const ID_OCTETS = 32;
const CHECKSUM_OCTETS = 32;

export interface SegmentCounts {
  readonly documents: number;
  readonly terms: number;
  readonly bloomBits: number;
  readonly termOctets: number;
  readonly postingOctets: number;
  readonly rowOctets: number;
  readonly stemming: number;
}

/** Views on the parts of one index. */
export interface SegmentParts {
  readonly counts: SegmentCounts;
  readonly manifestId: Uint8Array;
  readonly termOffsets: Uint32Array;
  readonly postingOffsets: Uint32Array;
  readonly heads: Uint32Array;
  readonly bloom: Uint32Array;
  readonly nameHashes: Uint32Array;
  readonly nameChecks: Uint32Array;
  readonly nameDocuments: Uint32Array;
  readonly rowOffsets: Uint32Array;
  readonly terms: Uint8Array;
  readonly postings: Uint8Array;
}

/** An index of the right size with its header written and everything else zero. */
export function allocateIndex(counts: SegmentCounts): { index: Uint8Array; parts: SegmentParts } {
  const index = new Uint8Array(octetsOf(counts));
  const header = new Uint32Array(index.buffer, 0, HEADER_WORDS);
  header.set([
    MAGIC,
    VERSION,
    counts.documents,
    counts.terms,
    counts.bloomBits,
    counts.termOctets,
    counts.postingOctets,
    counts.rowOctets,
    counts.stemming,
  ]);
  return { index, parts: partsOf(index, counts) };
}

export function seal(index: Uint8Array): void {
  const end = index.length - CHECKSUM_OCTETS;
  index.set(blake3(index.subarray(0, end)), end);
}

/** The parts of an index read from disk, or null when it is not whole. `index` begins its buffer. */
export function openIndex(index: Uint8Array): SegmentParts | null {
  if (index.byteOffset !== 0) throw new RangeError('an index begins its buffer');
  if (index.length < HEADER_WORDS * 4 + ID_OCTETS + CHECKSUM_OCTETS || index.length % 4 !== 0) return null;
  const header = new Uint32Array(index.buffer, 0, HEADER_WORDS);
  if (header[0] !== MAGIC || header[1] !== VERSION) return null;
  const counts = {
    documents: header[2]!,
    terms: header[3]!,
    bloomBits: header[4]!,
    termOctets: header[5]!,
    postingOctets: header[6]!,
    rowOctets: header[7]!,
    stemming: header[8]!,
  };
  if (octetsOf(counts) !== index.length) return null;
  const end = index.length - CHECKSUM_OCTETS;
  if (!bytesEqual(blake3(index.subarray(0, end)), index.subarray(end))) return null;
  return partsOf(index, counts);
}

/** Terms of which one has its head where it is found without touching the terms themselves. */
export const TERMS_A_HEAD = 16;
/** The first four octets of a term as a number that is ordered as they are; a shorter one ends in zeros. */
export function headOf(octets: Uint8Array, start: number, end: number): number {
  let head = 0;
  for (let i = start; i < start + 4; i++) head = head * 256 + (i < end ? octets[i]! : 0);
  return head;
}

const headsOf = (terms: number): number => Math.ceil(terms / TERMS_A_HEAD);

const padded = (octets: number): number => Math.ceil(octets / 4) * 4;

function octetsOf(counts: SegmentCounts): number {
  const { documents, terms, bloomBits, termOctets, postingOctets } = counts;
  const words = HEADER_WORDS + 2 * (terms + 1) + headsOf(terms) + bloomWords(bloomBits) + 4 * documents + 1;
  return words * 4 + ID_OCTETS + padded(termOctets) + padded(postingOctets) + CHECKSUM_OCTETS;
}

function partsOf(index: Uint8Array, counts: SegmentCounts): SegmentParts {
  const { documents, terms, bloomBits, termOctets, postingOctets } = counts;
  let at = HEADER_WORDS * 4;
  const octets = (length: number) => {
    const part = index.subarray(at, at + length);
    at += padded(length);
    return part;
  };
  const words = (count: number) => {
    const part = new Uint32Array(index.buffer, at, count);
    at += count * 4;
    return part;
  };
  return {
    counts,
    manifestId: octets(ID_OCTETS),
    termOffsets: words(terms + 1),
    postingOffsets: words(terms + 1),
    heads: words(headsOf(terms)),
    bloom: words(bloomWords(bloomBits)),
    nameHashes: words(documents),
    nameChecks: words(documents),
    nameDocuments: words(documents),
    rowOffsets: words(documents + 1),
    terms: octets(termOctets),
    postings: octets(postingOctets),
  };
}
