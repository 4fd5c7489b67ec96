import { bloomAdd, bloomBits } from './bloom.ts';
import { indexTerms, MAX_ITEM_TERMS, nameKey } from './normalise.ts';
import { PostingWriter } from './postings.ts';
import { encodeRow, type Row } from './row.ts';
import { allocateIndex, seal } from './segment-format.ts';
import { sortedTerms } from './sorted-terms.ts';
import { hashName, hashTerm } from './term-hash.ts';

export interface BuiltSegment {
  readonly index: Uint8Array;
  readonly rows: Uint8Array;
}

/** Items or terms between two yields: far below a millisecond of work. */
const SLICE = 128;

interface Document extends Row {
  readonly key: string;
  readonly nameTerms: ReadonlySet<string>;
  readonly tagTerms: ReadonlySet<string>;
}

interface Postings {
  readonly names: number[];
  readonly tags: number[];
}

/**
 * Builds the segment of one revision. Pure; a generator that yields every few hundred microseconds, so that whoever
 * drives it can let others in. Documents are numbered by rank, fewer terms first, then by name: a rising list of
 * documents is a ranked one.
 */
export function* buildSegment(
  items: readonly Row[],
  manifestId: Uint8Array,
): Generator<undefined, BuiltSegment, void> {
  const documents = yield* ranked(items);
  const { terms, postings } = yield* invert(documents);

  const encoded: Buffer[] = [];
  for (const [i, term] of terms.entries()) {
    encoded.push(Buffer.from(term));
    if (i % SLICE === 0) yield;
  }
  const lists = new PostingWriter();
  const postingOffsets = new Uint32Array(terms.length + 1);
  for (const [i, term] of terms.entries()) {
    const { names, tags } = postings.get(term)!;
    lists.add(names, tags);
    postingOffsets[i + 1] = lists.length;
    if (i % SLICE === 0) yield;
  }
  const rows: Buffer[] = [];
  for (const [i, document] of documents.entries()) {
    rows.push(encodeRow(document));
    if (i % SLICE === 0) yield;
  }

  const { index, parts } = allocateIndex({
    documents: documents.length,
    terms: terms.length,
    bloomBits: bloomBits(terms.length + documents.length),
    termOctets: sum(encoded),
    postingOctets: lists.length,
    rowOctets: sum(rows),
  });
  parts.manifestId.set(manifestId);
  concatenate(encoded, parts.terms, parts.termOffsets);
  parts.postingOffsets.set(postingOffsets);
  parts.postings.set(lists.finish());
  yield;
  for (const [i, term] of terms.entries()) {
    bloomAdd(parts.bloom, parts.counts.bloomBits, hashTerm(term));
    if (i % SLICE === 0) yield;
  }
  const names = documents
    .map(({ key }, document) => ({ ...hashName(key), document }))
    .sort((a, b) => a.first - b.first || a.document - b.document);
  for (const [i, { first, second, document }] of names.entries()) {
    bloomAdd(parts.bloom, parts.counts.bloomBits, { first, second });
    parts.nameHashes[i] = first;
    parts.nameChecks[i] = second;
    parts.nameDocuments[i] = document;
  }
  yield;
  const rowOctets = new Uint8Array(parts.counts.rowOctets);
  concatenate(rows, rowOctets, parts.rowOffsets);
  seal(index);
  return { index, rows: rowOctets };
}

function* ranked(items: readonly Row[]): Generator<undefined, Document[], void> {
  const documents: Document[] = [];
  for (const [i, item] of items.entries()) {
    const nameTerms = indexTerms(item.name, MAX_ITEM_TERMS);
    const tagTerms = new Set<string>();
    for (const tag of item.tags) indexTerms(tag, MAX_ITEM_TERMS - nameTerms.size, tagTerms);
    documents.push({ ...item, key: nameKey(item.name), nameTerms, tagTerms });
    if (i % SLICE === 0) yield;
  }
  documents.sort((a, b) => a.nameTerms.size - b.nameTerms.size || compareText(a.name, b.name));
  yield;
  return documents;
}

function* invert(
  documents: readonly Document[],
): Generator<undefined, { terms: string[]; postings: Map<string, Postings> }, void> {
  const postings = new Map<string, Postings>();
  const of = (term: string): Postings => {
    let lists = postings.get(term);
    if (lists === undefined) {
      lists = { names: [], tags: [] };
      postings.set(term, lists);
    }
    return lists;
  };
  for (const [document, { nameTerms, tagTerms }] of documents.entries()) {
    for (const term of nameTerms) of(term).names.push(document);
    for (const term of tagTerms) of(term).tags.push(document);
    if (document % SLICE === 0) yield;
  }
  return { terms: yield* sortedTerms([...postings.keys()]), postings };
}

function concatenate(parts: readonly Buffer[], into: Uint8Array, offsets: Uint32Array): void {
  let at = 0;
  for (const [i, part] of parts.entries()) {
    into.set(part, at);
    at += part.length;
    offsets[i + 1] = at;
  }
}

const sum = (parts: readonly Buffer[]): number => parts.reduce((octets, part) => octets + part.length, 0);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
