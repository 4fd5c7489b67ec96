import { addOnce, indexTerms, keyOfWords, MAX_ITEM_TERMS, termsOfWords, wordsOf } from './normalise.ts';
import type { Row } from './row.ts';
import { mergeSorted } from './sorted-terms.ts';

/** An item with what is found of it. */
export interface Document extends Row {
  readonly key: string;
  readonly nameTerms: readonly string[];
  readonly tagTerms: readonly string[];
}

/** Items between two yields. */
const SLICE = 64;
const NO_TERMS: readonly string[] = [];

/** The items by rank: fewer terms first, then by name. A rising list of their numbers is a ranked one. */
export function* ranked(items: readonly Row[]): Generator<undefined, Document[], void> {
  const documents: Document[] = [];
  const tagged = new TagTerms();
  for (const [i, item] of items.entries()) {
    const words = wordsOf(item.name);
    const nameTerms = termsOfWords(words, MAX_ITEM_TERMS);
    const { contentId, size, name, path, tags } = item;
    documents.push({
      contentId,
      size,
      name,
      path,
      tags,
      key: keyOfWords(words, name),
      nameTerms,
      tagTerms: tags.length === 0 ? NO_TERMS : tagged.of(tags, MAX_ITEM_TERMS - nameTerms.length),
    });
    if (i % SLICE === 0) yield;
  }
  return yield* mergeSorted(documents, byRank);
}

/** Tags remembered with their terms: the items of a share have few different ones. */
const MAX_TAGS = 256;

class TagTerms {
  readonly #known = new Map<string, readonly string[]>();

  /** The terms of an item's tags, `max` at most. */
  of(tags: readonly string[], max: number): readonly string[] {
    const terms: string[] = [];
    for (const tag of tags) {
      for (const term of this.#termsOf(tag)) {
        if (terms.length >= max) return terms;
        addOnce(terms, term);
      }
    }
    return terms;
  }

  #termsOf(tag: string): readonly string[] {
    const known = this.#known.get(tag);
    if (known !== undefined) return known;
    const terms = [...indexTerms(tag, MAX_ITEM_TERMS)];
    if (this.#known.size < MAX_TAGS) this.#known.set(tag, terms);
    return terms;
  }
}

/** Of two with one name either may come first. */
function byRank(a: Document, b: Document): number {
  const fewer = a.nameTerms.length - b.nameTerms.length;
  if (fewer !== 0) return fewer;
  return a.name <= b.name ? -1 : 1;
}
