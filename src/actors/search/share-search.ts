import { intersect, union } from './postings.ts';
import type { Query, QueryTerm } from './query.ts';
import type { Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';

/** Words one prefix may stand for in one share: a single letter stands for thousands, and nobody reads them all. */
const MAX_EXPANSION = 1024;

/**
 * One query against one share, tier by tier. What a tier needs is found when it is asked for the first time; a document
 * is given once, in the best tier it has.
 */
export class ShareSearch {
  readonly #segment: Segment;
  readonly #texts: ReadonlySet<string>;
  readonly #query: Query;
  readonly #given = new Set<number>();
  readonly #places = new Map<QueryTerm, number>();

  constructor(segment: Segment, texts: ReadonlySet<string>, query: Query) {
    this.#segment = segment;
    this.#texts = texts;
    this.#query = query;
  }

  /** Documents of the tier by rank, without those already given, at most `max`. */
  tier(tier: Tier, max: number): number[] {
    const fresh: number[] = [];
    for (const document of this.#candidates(tier, max + this.#given.size)) {
      if (this.#given.has(document)) continue;
      this.#given.add(document);
      fresh.push(document);
      if (fresh.length >= max) break;
    }
    return fresh;
  }

  #candidates(tier: Tier, max: number): Iterable<number> {
    const { terms } = this.#query;
    if (tier === 'exact') {
      return this.#segment.mayHave(this.#query.name) ? this.#segment.named(this.#query.name) : [];
    }
    if (terms.length === 0) return [];
    switch (tier) {
      case 'name':
        return this.#inNames(terms, max) ?? [];
      case 'prefix':
        return this.#byPrefix(terms.slice(0, -1), terms.at(-1)!);
      case 'tags':
        return this.#inNamesOrTags(terms) ?? [];
      case 'share':
        return this.#withShareTexts(terms);
    }
  }

  /** Null when a term is nowhere in the share. Terms are intersected rarest first. */
  #inNames(terms: readonly QueryTerm[], max: number): number[] | null {
    const places = this.#allPlaces(terms);
    if (places === null) return null;
    if (places.length === 1) return this.#segment.names(places[0]!, max);
    const rarest = places
      .map((place) => ({ place, count: this.#segment.nameCount(place) }))
      .sort((a, b) => a.count - b.count);
    let common: number[] | null = null;
    for (const { place } of rarest) {
      const documents = this.#segment.names(place);
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common;
  }

  *#byPrefix(others: readonly QueryTerm[], last: QueryTerm): Generator<number> {
    const base = others.length === 0 ? null : this.#inNames(others, Number.POSITIVE_INFINITY);
    if (others.length > 0 && (base === null || base.length === 0)) return;
    const found = this.#segment.find(last.octets);
    const first = found < 0 ? ~found : found;
    for (let place = first; place < first + MAX_EXPANSION; place++) {
      if (!this.#segment.beginsWith(place, last.octets)) return;
      const documents = this.#segment.names(place);
      yield* base === null ? documents : intersect(base, documents);
    }
  }

  #inNamesOrTags(terms: readonly QueryTerm[]): readonly number[] | null {
    const places = this.#allPlaces(terms);
    if (places === null) return null;
    let common: readonly number[] | null = null;
    for (const place of places) {
      const { names, tags } = this.#segment.both(place);
      const documents: readonly number[] = union(names, tags);
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common;
  }

  /** Terms the share's own texts have count for each of its items. */
  #withShareTexts(terms: readonly QueryTerm[]): Iterable<number> {
    const others = terms.filter(({ text }) => !this.#texts.has(text));
    if (others.length === terms.length) return [];
    if (others.length === 0) return everyDocument(this.#segment.documents);
    return this.#inNamesOrTags(others) ?? [];
  }

  /** Where the terms stand, or null as soon as one is missing: the filter is asked for all before any is looked up. */
  #allPlaces(terms: readonly QueryTerm[]): number[] | null {
    for (const { hash } of terms) if (!this.#segment.mayHave(hash)) return null;
    const places: number[] = [];
    for (const term of terms) {
      const place = this.#place(term);
      if (place < 0) return null;
      places.push(place);
    }
    return places;
  }

  #place(term: QueryTerm): number {
    let place = this.#places.get(term);
    if (place === undefined) {
      place = this.#segment.find(term.octets);
      this.#places.set(term, place);
    }
    return place;
  }
}

function* everyDocument(documents: number): Generator<number> {
  for (let document = 0; document < documents; document++) yield document;
}
