import { indexTerms, nameKey, queryTerms } from './normalise.ts';
import { hashName, hashTerm, type TermHash } from './term-hash.ts';

export interface QueryTerm {
  readonly text: string;
  readonly octets: Uint8Array;
  readonly hash: TermHash;
}

/** A query, hashed once for all shares. */
export interface Query {
  readonly terms: readonly QueryTerm[];
  readonly name: TermHash;
}

/** Terms of a share's title and description that are looked at: a share has no novel to tell. */
const MAX_SHARE_TERMS = 512;

/** Null for a query of nothing but white space. */
export function parseQuery(text: string): Query | null {
  const key = nameKey(text);
  if (key === '') return null;
  const terms = queryTerms(text).map((term) => ({
    text: term,
    octets: Buffer.from(term),
    hash: hashTerm(term),
  }));
  return { terms, name: hashName(key) };
}

/** The terms of a share's own texts, for the tier below all others. */
export function shareTerms(title: string | null, description: string | null): ReadonlySet<string> {
  const terms = indexTerms(title ?? '', MAX_SHARE_TERMS);
  return indexTerms(description ?? '', MAX_SHARE_TERMS, terms);
}
