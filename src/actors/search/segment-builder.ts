import { bloomAdd, bloomBits } from './bloom.ts';
import { type Document, ranked } from './documents.ts';
import { inverted, type Postings } from './inverted.ts';
import { OctetWriter } from './octet-writer.ts';
import { PostingWriter } from './postings.ts';
import { encodeRow, type Row } from './row.ts';
import { allocateIndex, headOf, type SegmentParts, seal, TERMS_A_HEAD } from './segment-format.ts';
import { NO_STEMS, type Stemmer } from './stemmer.ts';
import { hashName, hashPrefix, hashTagged, hashTerm, PREFIX_LENGTH, type TermHash } from './term-hash.ts';

export interface BuiltSegment {
  readonly index: Uint8Array;
  readonly rows: Uint8Array;
}

/** Items or terms between two yields: far below a millisecond of work. */
const SLICE = 128;
/** In one segment; no manifest lists nearly as many. */
const MOST_DOCUMENTS = 2 ** 21;
/** Guesses. */
const TERM_OCTETS = 8;
const ROW_OCTETS = 192;

type Work<T> = Generator<undefined, T, void>;

/**
 * Builds the segment of one revision. Pure; a generator that yields every few hundred microseconds, so that whoever
 * drives it can let others in. Documents are numbered by rank. The rows do not depend on the stemmer.
 */
export function* buildSegment(
  items: readonly Row[],
  manifestId: Uint8Array,
  stemmer: Stemmer | null = null,
): Work<BuiltSegment> {
  const documents = yield* ranked(items);
  const { terms, postings } = yield* inverted(documents, stemmer);
  const encoded = yield* encodedTerms(terms);
  const { lists, offsets, tagged } = yield* postingLists(terms, postings, documents.length);
  const rows = yield* encodedRows(documents);
  const prefixes = yield* prefixesOf(terms);

  const { index, parts } = allocateIndex({
    documents: documents.length,
    terms: terms.length,
    bloomBits: bloomBits(terms.length + prefixes.length + tagged.length + documents.length),
    termOctets: encoded.octets.length,
    postingOctets: lists.length,
    rowOctets: rows.octets.length,
    stemming: stemmer?.id ?? NO_STEMS,
  });
  parts.manifestId.set(manifestId);
  parts.terms.set(encoded.octets);
  parts.termOffsets.set(encoded.offsets);
  fillHeads(parts);
  parts.postings.set(lists.finish());
  parts.postingOffsets.set(offsets);
  parts.rowOffsets.set(rows.offsets);
  yield;
  yield* fillFilter(parts, terms, hashTerm);
  yield* fillFilter(parts, prefixes, hashPrefix);
  yield* fillFilter(parts, tagged, hashTagged);
  yield* fillNames(parts, documents);
  seal(index);
  return { index, rows: rows.octets };
}

function* encodedTerms(terms: readonly string[]): Work<OctetWriter> {
  const octets = new OctetWriter(terms.length, terms.length * TERM_OCTETS);
  for (const [i, term] of terms.entries()) {
    octets.text(term);
    if (i % SLICE === 0) yield;
  }
  return octets;
}

function* encodedRows(documents: readonly Document[]): Work<OctetWriter> {
  const octets = new OctetWriter(documents.length, documents.length * ROW_OCTETS);
  for (const [i, document] of documents.entries()) {
    encodeRow(document, octets);
    if (i % SLICE === 0) yield;
  }
  return octets;
}

function* postingLists(
  terms: readonly string[],
  postings: ReadonlyMap<string, Postings>,
  documents: number,
): Work<{ lists: PostingWriter; offsets: Uint32Array; tagged: readonly string[] }> {
  const lists = new PostingWriter(documents);
  const offsets = new Uint32Array(terms.length + 1);
  const tagged: string[] = [];
  for (const [i, term] of terms.entries()) {
    const { names, tags } = postings.get(term)!;
    lists.add(names, tags);
    if (tags.length > 0) tagged.push(term);
    offsets[i + 1] = lists.length;
    if (i % SLICE === 0) yield;
  }
  return { lists, offsets, tagged };
}

/** The beginnings of all terms that are long enough to have one, each once: of sorted terms, those alike stand together. */
function* prefixesOf(terms: readonly string[]): Work<readonly string[]> {
  const prefixes: string[] = [];
  let last: string | null = null;
  for (let i = 0; i < terms.length; i++) {
    const term = terms[i]!;
    if (term.length >= PREFIX_LENGTH && (last === null || !term.startsWith(last))) {
      last = term.slice(0, PREFIX_LENGTH);
      prefixes.push(last);
    }
    if (i % SLICE === 0) yield;
  }
  return prefixes;
}

function fillHeads({ heads, terms, termOffsets }: SegmentParts): void {
  for (let i = 0; i < heads.length; i++) {
    const place = i * TERMS_A_HEAD;
    heads[i] = headOf(terms, termOffsets[place]!, termOffsets[place + 1]!);
  }
}

function* fillFilter(
  { bloom, counts }: SegmentParts,
  texts: readonly string[],
  hash: (text: string) => TermHash,
): Work<void> {
  for (const [i, text] of texts.entries()) {
    bloomAdd(bloom, counts.bloomBits, hash(text));
    if (i % SLICE === 0) yield;
  }
}

function* fillNames(parts: SegmentParts, documents: readonly Document[]): Work<void> {
  const seconds = new Uint32Array(documents.length);
  /** The first hash and behind it the document: a double carries both, and the engine sorts doubles. */
  const order = new Float64Array(documents.length);
  for (const [document, { key }] of documents.entries()) {
    const hash = hashName(key);
    bloomAdd(parts.bloom, parts.counts.bloomBits, hash);
    seconds[document] = hash.second;
    order[document] = hash.first * MOST_DOCUMENTS + document;
    if (document % SLICE === 0) yield;
  }
  order.sort();
  yield;
  for (const [i, each] of order.entries()) {
    const document = each % MOST_DOCUMENTS;
    parts.nameHashes[i] = (each - document) / MOST_DOCUMENTS;
    parts.nameChecks[i] = seconds[document]!;
    parts.nameDocuments[i] = document;
    if (i % SLICE === 0) yield;
  }
}
