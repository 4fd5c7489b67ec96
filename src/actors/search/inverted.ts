import type { Document } from './documents.ts';
import { sortedTerms } from './sorted-terms.ts';
import { type Stemmer, stemTerm } from './stemmer.ts';

/** Documents between two yields: far below a millisecond of work. */
const SLICE = 128;

export interface Postings {
  /** Documents with the term in their name, rising. */
  readonly names: number[];
  /** With it in a tag. */
  tags: readonly number[];
}

const NONE: readonly number[] = [];

/** Which documents have which term, and the terms in the order of their octets. */
export function* inverted(
  documents: readonly Document[],
  stemmer: Stemmer | null,
): Generator<undefined, { terms: string[]; postings: ReadonlyMap<string, Postings> }, void> {
  const postings = new Map<string, Postings>();
  const of = (term: string): Postings => {
    let lists = postings.get(term);
    if (lists === undefined) {
      lists = { names: [], tags: NONE };
      postings.set(term, lists);
    }
    return lists;
  };
  /** The lists of their stems, for words that are not their own. */
  const stems = new Map<string, number[] | null>();
  const stemOf = (term: string, by: Stemmer): number[] | null => {
    let list = stems.get(term);
    if (list === undefined) {
      const stem = by.stem(term);
      list = stem === term ? null : of(stemTerm(stem)).names;
      stems.set(term, list);
    }
    return list;
  };
  for (const [document, { nameTerms, tagTerms }] of documents.entries()) {
    for (const term of nameTerms) {
      of(term).names.push(document);
      const stem = stemmer && stemOf(term, stemmer);
      // Two words of one name may have one stem.
      if (stem && stem.at(-1) !== document) stem.push(document);
    }
    for (const term of tagTerms) {
      const lists = of(term);
      if (lists.tags === NONE) lists.tags = [document];
      else (lists.tags as number[]).push(document);
    }
    if (document % SLICE === 0) yield;
  }
  return { terms: yield* sortedTerms([...postings.keys()]), postings };
}
