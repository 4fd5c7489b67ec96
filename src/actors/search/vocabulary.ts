import type { Segment } from './segment-reader.ts';

/** What is corrected, and to what: words of letters alone. In a shorter one, one letter is too much of it. */
export const CORRECTABLE = /^\p{L}{4,32}$/u;
/** Words kept, about 100 octets each; those that come later are not corrected to. */
const MAX_WORDS = 250_000;
/** Letters of one block that are tried in place of another. */
const MAX_LETTERS = 256;
/** Blocks of 256 characters that the letters of one word may come from. */
const MAX_BLOCKS = 2;
/** Terms of a segment between two yields. */
const SLICE = 256;

type Work = Generator<undefined, void, void>;

/** The words of all segments with how many items have them, to find those that are one typing error away. */
export class Vocabulary {
  readonly #items = new Map<string, number>();
  /** Letters that occur, by block. Only ever grows. */
  readonly #letters = new Map<number, Set<string>>();
  /** No word ever had more items. */
  #most = 0;

  get size(): number {
    return this.#items.size;
  }

  /** Items with the word in their names. */
  items(word: string): number {
    return this.#items.get(word) ?? 0;
  }

  *add(segment: Segment): Work {
    for (const { word, items } of wordsOf(segment)) {
      if (word === null) yield;
      else this.#count(word, items);
    }
  }

  /** Of a segment that was added. */
  *remove(segment: Segment): Work {
    for (const { word, items } of wordsOf(segment)) {
      if (word === null) yield;
      else this.#count(word, -items);
    }
  }

  /**
   * Words with one letter more, less, other, or two neighbours exchanged; a letter that is put in is of the same block
   * of 256 characters as one of the word. Best first: with the same first letter, then those of most items. `max` of
   * them, with that many items at least.
   */
  near(word: string, max: number, atLeast = 1): string[] {
    if (atLeast > this.#most || !CORRECTABLE.test(word)) return [];
    const letters = Array.from(word);
    const found = new Map<string, number>();
    for (const variant of variantsOf(letters, this.#alphabetOf(letters))) {
      const items = variant === word ? undefined : this.#items.get(variant);
      if (items !== undefined && items >= atLeast) found.set(variant, items);
    }
    const first = letters[0]!;
    const keepsFirst = (variant: string) => Number(variant.startsWith(first));
    return [...found]
      .sort(
        ([a, ofA], [b, ofB]) => keepsFirst(b) - keepsFirst(a) || ofB - ofA || (a < b ? -1 : a > b ? 1 : 0),
      )
      .slice(0, max)
      .map(([variant]) => variant);
  }

  #count(word: string, change: number): void {
    const before = this.#items.get(word);
    if (before === undefined && (change < 0 || this.#items.size >= MAX_WORDS)) return;
    const after = (before ?? 0) + change;
    if (after <= 0) this.#items.delete(word);
    else this.#items.set(word, after);
    this.#most = Math.max(this.#most, after);
    if (before === undefined) this.#learn(word);
  }

  #learn(word: string): void {
    for (const letter of word) {
      const block = blockOf(letter);
      let letters = this.#letters.get(block);
      if (letters === undefined) {
        letters = new Set();
        this.#letters.set(block, letters);
      }
      if (letters.size < MAX_LETTERS) letters.add(letter);
    }
  }

  #alphabetOf(letters: readonly string[]): readonly string[] {
    const blocks = [...new Set(letters.map(blockOf))].slice(0, MAX_BLOCKS);
    return blocks.flatMap((block) => [...(this.#letters.get(block) ?? [])]);
  }
}

const blockOf = (letter: string): number => letter.codePointAt(0)! >>> 8;

/** Words that are one error away, some of them more than once. */
function* variantsOf(letters: readonly string[], alphabet: readonly string[]): Generator<string> {
  for (let at = 0; at <= letters.length; at++) {
    const before = letters.slice(0, at).join('');
    const after = letters.slice(at + 1).join('');
    const here = letters[at];
    if (here !== undefined) {
      yield before + after;
      const next = letters[at + 1];
      if (next !== undefined) yield before + next + here + letters.slice(at + 2).join('');
      for (const letter of alphabet) yield before + letter + after;
    }
    for (const letter of alphabet) yield before + letter + (here ?? '') + after;
  }
}

type Counted = { readonly word: string; readonly items: number } | { readonly word: null; readonly items: 0 };

/** With a null every few hundred terms. */
function* wordsOf(segment: Segment): Generator<Counted> {
  for (let place = 0; place < segment.terms; place++) {
    const word = segment.term(place);
    const items = CORRECTABLE.test(word) ? segment.list(place).count : 0;
    if (items > 0) yield { word, items };
    if (place % SLICE === 0) yield { word: null, items: 0 };
  }
}
