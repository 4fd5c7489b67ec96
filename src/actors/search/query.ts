import { indexTerms, nameKey, queryTerms } from './normalise.ts';
import { type Stemmer, stemTerm } from './stemmer.ts';
import {
  hashName,
  hashPrefix,
  hashShareTerm,
  hashTagged,
  hashTerm,
  PREFIX_LENGTH,
  type TermHash,
} from './term-hash.ts';

export interface QueryTerm {
  readonly text: string;
  readonly octets: Uint8Array;
  readonly hash: TermHash;
  /** As a word of tags. */
  readonly tagged: TermHash;
  /** As a word of the share's own texts. */
  readonly ofShare: TermHash;
}

/** A query, hashed once for all shares. */
export interface Query {
  readonly terms: readonly QueryTerm[];
  /** Their places, the rarest first as far as the shares say that were searched: each search puts right what it finds. */
  readonly rarestFirst: number[];
  readonly name: TermHash;
  /** How the last term begins; null: it is too short for the filters to know. */
  readonly prefix: TermHash | null;
  readonly stems: QueryStems | null;
}

/** The terms of a query by their stems. */
export interface QueryStems {
  readonly stemmer: Stemmer;
  /** Of each term of the query, what a name may have in its place. */
  readonly forms: readonly (readonly QueryTerm[])[];
}

/** Terms of a share's title and description that are looked at: a share has no novel to tell. */
const MAX_SHARE_TERMS = 512;

/** Null for a query of nothing but white space. */
export function parseQuery(text: string, stemmer: Stemmer | null = null): Query | null {
  const key = nameKey(text);
  if (key === '') return null;
  const terms = queryTerms(text).map(queryTerm);
  return {
    terms,
    rarestFirst: [...terms.keys()],
    name: hashName(key),
    prefix: prefixOf(terms.at(-1)?.text ?? ''),
    stems: stemmer && { stemmer, forms: terms.map((term) => formsOf(term, stemmer)) },
  };
}

export const queryTerm = (text: string): QueryTerm => ({
  text,
  octets: Buffer.from(text),
  hash: hashTerm(text),
  tagged: hashTagged(text),
  ofShare: hashShareTerm(text),
});

/** Null when the word is too short for the filters to know its beginning. */
export const prefixOf = (word: string): TermHash | null =>
  word.length < PREFIX_LENGTH ? null : hashPrefix(word.slice(0, PREFIX_LENGTH));

/** The word itself, the stem as a word, and every other word of that stem. */
function formsOf(term: QueryTerm, stemmer: Stemmer): readonly QueryTerm[] {
  const stem = stemmer.stem(term.text);
  const others = stem === term.text ? [stemTerm(stem)] : [stem, stemTerm(stem)];
  return [term, ...others.map(queryTerm)];
}

/** The terms of a share's own texts, for the tier below all others. */
export function shareTerms(title: string | null, description: string | null): ReadonlySet<string> {
  const terms = indexTerms(title ?? '', MAX_SHARE_TERMS);
  return indexTerms(description ?? '', MAX_SHARE_TERMS, terms);
}
