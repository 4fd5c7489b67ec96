import { type Hints, NO_HINTS } from './candidates.ts';
import type { PostingList } from './postings.ts';
import type { Query, QueryTerm } from './query.ts';
import { intersect, union } from './rising-lists.ts';
import { TIERS, type Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';
import type { WordPlaces } from './term-places.ts';

/** Words one prefix may stand for in one share: a single letter stands for thousands, and nobody reads them all. */
const MAX_EXPANSION = 1024;
const NONE: readonly number[] = [];

/**
 * One query against one share, tier by tier, best first. What a tier needs is found when it is asked for the first time;
 * a document is given once, in the best tier it has.
 */
export class ShareSearch {
  readonly #segment: Segment;
  readonly #texts: ReadonlySet<string>;
  readonly #query: Query;
  readonly #hints: Hints;
  readonly #remembered: readonly (WordPlaces | null)[];
  readonly #ordinal: number;
  /** Where the terms stand, the complement of where they would where they are missing, and their documents. */
  #places: (number | undefined)[] | null = null;
  #lists: (PostingList | null | undefined)[] | null = null;
  #given: Set<number> | null = null;
  /** Tiers before this one were looked through. */
  #done = 0;

  /** `places`: what is remembered of the terms of the query that many shares have, for the share with that ordinal. */
  constructor(
    segment: Segment,
    texts: ReadonlySet<string>,
    query: Query,
    hints = NO_HINTS,
    places: readonly (WordPlaces | null)[] = [],
    ordinal = 0,
  ) {
    this.#segment = segment;
    this.#texts = texts;
    this.#query = query;
    this.#hints = hints;
    this.#remembered = places;
    this.#ordinal = ordinal;
  }

  /** Documents of the tier by rank, without those of better tiers, at most `max`. */
  tier(tier: Tier, max: number): readonly number[] {
    const place = TIERS.indexOf(tier);
    // A walk that goes on where another ended has not been through the better ones.
    for (; this.#done < place; this.#done++) this.#fresh(this.#done, Number.POSITIVE_INFINITY);
    this.#done = place + 1;
    return this.#fresh(place, max);
  }

  #fresh(place: number, max: number): readonly number[] {
    if (((this.#hints.tiers >>> place) & 1) === 0) return NONE;
    const before = this.#given?.size ?? 0;
    const fresh: number[] = [];
    for (const document of this.#candidates(TIERS[place]!, max + before)) {
      this.#given ??= new Set();
      if (this.#given.has(document)) continue;
      this.#given.add(document);
      fresh.push(document);
      if (fresh.length >= max) break;
    }
    return fresh;
  }

  #candidates(tier: Tier, max: number): Iterable<number> {
    if (tier === 'exact') return this.#segment.named(this.#query.name);
    if (this.#query.terms.length === 0) return NONE;
    switch (tier) {
      case 'name':
        return this.#withAllInName(max);
      case 'prefix':
        return this.#byPrefix();
      case 'stem':
        return this.#byStem();
      case 'tags':
        return this.#inNamesOrTags(() => true);
      case 'share':
        return this.#withShareTexts();
    }
  }

  #withAllInName(max: number): readonly number[] {
    const { terms } = this.#query;
    return terms.length > 1 ? this.#intersected(terms.length) : (this.#list(0)?.names(max) ?? NONE);
  }

  /** The rarest first: what it leaves is all that is looked for in the others, and when nothing is left they are not. */
  #intersected(count: number): readonly number[] {
    const { rarestFirst } = this.#query;
    let common: readonly number[] | null = null;
    let last = { at: 0, count: 0 };
    for (let at = 0; at < rarestFirst.length; at++) {
      const i = rarestFirst[at]!;
      if (i >= count) continue;
      const list = this.#list(i);
      if (list === null) return NONE;
      if (list.count < last.count) {
        rarestFirst[at] = rarestFirst[last.at]!;
        rarestFirst[last.at] = i;
      }
      last = { at, count: list.count };
      common = common === null ? list.names() : list.common(common);
      if (common.length === 0) break;
    }
    return common ?? NONE;
  }

  #byPrefix(): Iterable<number> {
    const { terms } = this.#query;
    const last = terms.at(-1)!;
    const found = this.#place(terms.length - 1);
    // Names with the word itself came in a better tier.
    const first = found < 0 ? ~found : found + 1;
    if (!this.#segment.beginsWith(first, last.octets)) return NONE;
    const base = terms.length === 1 ? null : this.#intersected(terms.length - 1);
    return base?.length === 0 ? NONE : this.#expanded(first, last, base);
  }

  *#expanded(first: number, { octets }: QueryTerm, base: readonly number[] | null): Generator<number> {
    for (let place = first; place < first + MAX_EXPANSION; place++) {
      if (!this.#segment.beginsWith(place, octets)) return;
      const list = this.#segment.list(place);
      yield* base === null ? list.names() : list.common(base);
    }
  }

  #byStem(): readonly number[] {
    const { stems } = this.#query;
    if (stems === null || stems.stemmer.id !== this.#segment.stemming) return NONE;
    let common: readonly number[] | null = null;
    for (const forms of stems.forms) {
      let documents: readonly number[] = NONE;
      for (const { hash, octets } of forms) {
        const place = this.#segment.mayHave(hash) ? this.#segment.find(octets) : -1;
        if (place >= 0) documents = union(documents, this.#segment.list(place).names());
      }
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common ?? NONE;
  }

  /** Terms of tags last: of theirs nobody knows how few they are. */
  #inNamesOrTags(wanted: (term: number) => boolean): readonly number[] {
    let common: readonly number[] | null = null;
    const tagged: PostingList[] = [];
    for (const i of this.#query.rarestFirst) {
      if (!wanted(i)) continue;
      const list = this.#list(i);
      if (list === null) return NONE;
      if (list.hasTags) tagged.push(list);
      else common = common === null ? list.names() : list.common(common);
      if (common?.length === 0) return NONE;
    }
    for (const list of tagged) {
      const documents = union(list.names(), list.tags());
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common ?? NONE;
  }

  /** Terms the share's own texts have count for each of its items. */
  #withShareTexts(): Iterable<number> {
    const { terms } = this.#query;
    const isOther = (i: number) => !this.#texts.has(terms[i]!.text);
    const others = terms.reduce((sum, _, i) => sum + Number(isOther(i)), 0);
    if (others === terms.length) return NONE;
    return others === 0 ? everyDocument(this.#segment.documents) : this.#inNamesOrTags(isOther);
  }

  #list(i: number): PostingList | null {
    this.#lists ??= new Array(this.#query.terms.length);
    let list = this.#lists[i];
    if (list === undefined) {
      const isKnown = ((this.#hints.known >>> i) & 1) === 1;
      const place = isKnown ? this.#place(i) : -1;
      list = place < 0 ? null : this.#segment.list(place);
      this.#lists[i] = list;
    }
    return list;
  }

  #place(i: number): number {
    this.#places ??= new Array(this.#query.terms.length);
    this.#places[i] ??= this.#remembered[i]?.in(this.#ordinal, () => this.#found(i)) ?? this.#found(i);
    return this.#places[i];
  }

  #found(i: number): number {
    return this.#segment.find(this.#query.terms[i]!.octets);
  }
}

/** Whether the share has the word, or one that begins so, in a name, in a tag or in its own texts. */
export function hasWord(
  segment: Segment,
  texts: ReadonlySet<string>,
  { text, octets }: QueryTerm,
  asPrefix: boolean,
): boolean {
  if (texts.has(text)) return true;
  const found = segment.find(octets);
  return found >= 0 || (asPrefix && segment.beginsWith(~found, octets));
}

function* everyDocument(documents: number): Generator<number> {
  for (let document = 0; document < documents; document++) yield document;
}
