import { indexTerms, keyOfWords, MAX_ITEM_TERMS, termsOfWords, wordsOf } from './normalise.ts';
import type { Row } from './row.ts';
import { mergeSorted } from './sorted-terms.ts';

/** An item with what is found of it. */
export interface Document extends Row {
  readonly key: string;
  readonly nameTerms: ReadonlySet<string>;
  readonly tagTerms: ReadonlySet<string>;
}

/** Items between two yields. */
const SLICE = 64;
const NO_TERMS: ReadonlySet<string> = new Set();

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
      tagTerms: tags.length === 0 ? NO_TERMS : tagged.of(tags, MAX_ITEM_TERMS - nameTerms.size),
    });
    if (i % SLICE === 0) yield;
  }
  return yield* mergeSorted(
    documents,
    (a, b) => a.nameTerms.size - b.nameTerms.size || compareText(a.name, b.name),
  );
}

/** Tags remembered with their terms: the items of a share have few different ones. */
const MAX_TAGS = 256;

class TagTerms {
  readonly #known = new Map<string, readonly string[]>();

  /** The terms of an item's tags, `max` at most. */
  of(tags: readonly string[], max: number): ReadonlySet<string> {
    const terms = new Set<string>();
    for (const tag of tags) {
      for (const term of this.#termsOf(tag)) {
        if (terms.size >= max) return terms;
        terms.add(term);
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

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
