import { prefixOf, type Query, type QueryTerm } from './query.ts';
import { intersect, union } from './rising-lists.ts';
import { TIERS, type Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';

/** Words one prefix may stand for in one share: a single letter stands for thousands, and nobody reads them all. */
const MAX_EXPANSION = 1024;
const UNKNOWN = -1;
const ABSENT = -2;
const NONE: readonly number[] = [];

/**
 * One query against one share, tier by tier, best first. What a tier needs is found when it is asked for the first time;
 * a document is given once, in the best tier it has.
 */
export class ShareSearch {
  readonly #segment: Segment;
  readonly #texts: ReadonlySet<string>;
  readonly #query: Query;
  /** Whether the filter knows the term. One bit a term: a query has 16 at most. */
  readonly #known: number;
  #places: Int32Array | null = null;
  #given: Set<number> | null = null;
  /** Tiers before this one were looked through. */
  #done = 0;

  constructor(segment: Segment, texts: ReadonlySet<string>, query: Query) {
    this.#segment = segment;
    this.#texts = texts;
    this.#query = query;
    let known = 0;
    for (let i = 0; i < query.terms.length; i++) {
      if (segment.mayHave(query.terms[i]!.hash)) known |= 1 << i;
    }
    this.#known = known;
  }

  /** True: nothing of the query is in this share, whatever the tier. Asks the filters alone. */
  get hopeless(): boolean {
    return TIERS.every((tier) => !this.#isPossible(tier));
  }

  /** Documents of the tier by rank, without those of better tiers, at most `max`. */
  tier(tier: Tier, max: number): readonly number[] {
    const place = TIERS.indexOf(tier);
    // A walk that goes on where another ended has not been through the better ones.
    for (; this.#done < place; this.#done++) this.#fresh(TIERS[this.#done]!, Number.POSITIVE_INFINITY);
    this.#done = place + 1;
    return this.#fresh(tier, max);
  }

  #fresh(tier: Tier, max: number): readonly number[] {
    if (!this.#isPossible(tier)) return NONE;
    const before = this.#given?.size ?? 0;
    const fresh: number[] = [];
    for (const document of this.#candidates(tier, max + before)) {
      this.#given ??= new Set();
      if (this.#given.has(document)) continue;
      this.#given.add(document);
      fresh.push(document);
      if (fresh.length >= max) break;
    }
    return fresh;
  }

  #isPossible(tier: Tier): boolean {
    const { name, prefix, stems, terms } = this.#query;
    if (tier === 'exact') return this.#segment.mayHave(name);
    if (terms.length === 0) return false;
    const all = (1 << terms.length) - 1;
    const others = all >>> 1;
    switch (tier) {
      case 'name':
      case 'tags':
        return this.#known === all;
      case 'prefix':
        return (this.#known & others) === others && (prefix === null || this.#segment.mayHave(prefix));
      case 'stem':
        return (
          stems !== null &&
          stems.stemmer.id === this.#segment.stemming &&
          stems.forms.every((forms) => forms.some(({ hash }) => this.#segment.mayHave(hash)))
        );
      case 'share':
        return (
          this.#texts.size > 0 &&
          terms.some(({ text }) => this.#texts.has(text)) &&
          terms.every(({ text }, i) => (this.#known >>> i) & 1 || this.#texts.has(text))
        );
    }
  }

  #candidates(tier: Tier, max: number): Iterable<number> {
    const { terms } = this.#query;
    switch (tier) {
      case 'exact':
        return this.#segment.named(this.#query.name);
      case 'name':
        return this.#inNames(terms.length, max) ?? NONE;
      case 'prefix':
        return this.#byPrefix();
      case 'stem':
        return this.#byStem();
      case 'tags':
        return this.#withTags();
      case 'share':
        return this.#withShareTexts();
    }
  }

  /** Documents with the first `count` terms in their names; null when a term is nowhere in the share. */
  #inNames(count: number, max: number): readonly number[] | null {
    const lists = [];
    for (let i = 0; i < count; i++) {
      const place = this.#place(i);
      if (place < 0) return null;
      lists.push(this.#segment.list(place));
    }
    if (lists.length === 1) return lists[0]!.names(max);
    // The rarest first: what it leaves is all that is looked for in the others.
    lists.sort((a, b) => a.count - b.count);
    let common: number[] | null = null;
    for (const list of lists) {
      common = common === null ? list.names() : list.common(common);
      if (common.length === 0) break;
    }
    return common;
  }

  *#byPrefix(): Generator<number> {
    const { terms } = this.#query;
    const last = terms.at(-1)!;
    const base = terms.length === 1 ? null : this.#inNames(terms.length - 1, Number.POSITIVE_INFINITY);
    if (terms.length > 1 && (base === null || base.length === 0)) return;
    const found = this.#segment.find(last.octets);
    const first = found < 0 ? ~found : found;
    for (let place = first; place < first + MAX_EXPANSION; place++) {
      if (!this.#segment.beginsWith(place, last.octets)) return;
      const list = this.#segment.list(place);
      yield* base === null ? list.names() : list.common(base);
    }
  }

  #byStem(): readonly number[] {
    let common: readonly number[] | null = null;
    for (const forms of this.#query.stems!.forms) {
      let documents: readonly number[] = NONE;
      for (const { hash, octets } of forms) {
        const place = this.#segment.mayHave(hash) ? this.#segment.find(octets) : ABSENT;
        if (place >= 0) documents = union(documents, this.#segment.list(place).names());
      }
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common ?? NONE;
  }

  /** Those with every term in their names came in a better tier: without any tag there is nothing to add. */
  #withTags(): readonly number[] {
    const count = this.#query.terms.length;
    let tagged = false;
    for (let i = 0; i < count; i++) {
      const place = this.#place(i);
      if (place < 0) return NONE;
      tagged ||= this.#segment.list(place).hasTags;
    }
    return tagged ? (this.#inNamesOrTags(Array.from({ length: count }, (_, i) => i)) ?? NONE) : NONE;
  }

  #inNamesOrTags(wanted: readonly number[]): readonly number[] | null {
    let common: readonly number[] | null = null;
    for (const i of wanted) {
      const place = this.#place(i);
      if (place < 0) return null;
      const list = this.#segment.list(place);
      const documents = union(list.names(), list.tags());
      common = common === null ? documents : intersect(common, documents);
      if (common.length === 0) break;
    }
    return common;
  }

  /** Terms the share's own texts have count for each of its items. */
  #withShareTexts(): Iterable<number> {
    const others = [...this.#query.terms.keys()].filter((i) => !this.#texts.has(this.#query.terms[i]!.text));
    if (others.length === 0) return everyDocument(this.#segment.documents);
    return this.#inNamesOrTags(others) ?? NONE;
  }

  /** Where the term stands; below 0: nowhere. */
  #place(i: number): number {
    this.#places ??= new Int32Array(this.#query.terms.length).fill(UNKNOWN);
    let place = this.#places[i]!;
    if (place === UNKNOWN) {
      const isKnown = ((this.#known >>> i) & 1) === 1;
      const found = isKnown ? this.#segment.find(this.#query.terms[i]!.octets) : ABSENT;
      place = found < 0 ? ABSENT : found;
      this.#places[i] = place;
    }
    return place;
  }
}

/** Whether the share has the word, or one that begins so, in a name, in a tag or in its own texts. */
export function hasWord(
  segment: Segment,
  texts: ReadonlySet<string>,
  { text, octets, hash }: QueryTerm,
  asPrefix: boolean,
): boolean {
  if (texts.has(text)) return true;
  if (!asPrefix) return segment.mayHave(hash) && segment.find(octets) >= 0;
  const prefix = prefixOf(text);
  if (prefix !== null && !segment.mayHave(prefix)) return false;
  const found = segment.find(octets);
  return found >= 0 || segment.beginsWith(~found, octets);
}

function* everyDocument(documents: number): Generator<number> {
  for (let document = 0; document < documents; document++) yield document;
}
