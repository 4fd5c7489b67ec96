import type { Correction } from './contract.ts';
import { wordsOf } from './normalise.ts';

/** With so many results as typed, nobody is told what he may have meant. */
export const ENOUGH = 5;
/** Corrected queries tried at most. */
export const MAX_TRIES = 4;
/** Words tried in place of one. */
const MAX_WORDS = 4;
/** A word that is somewhere is an error only for one that so many times more items have. */
const MUCH_MORE = 10;

export interface Words {
  /** How many items have the word. */
  items(word: string): number;
  /** Words one error away that many items have at least, best first. */
  near(word: string, max: number, atLeast?: number): readonly string[];
}

export interface CorrectedQuery {
  readonly text: string;
  readonly corrected: readonly Correction[];
}

/**
 * What a query with few results may have meant, best first. Words that are nowhere must be wrong, all of them; if every
 * word is somewhere and still nothing was found, one of them may be. A query that found something has one such word at
 * most, its last, of which only the beginning was found.
 */
export function correctedQueries(
  text: string,
  found: number,
  isKnown: (word: string) => boolean,
  vocabulary: Words,
): CorrectedQuery[] {
  const words = wordsOf(text).map((word) => word.text);
  const with_ = (change: ReadonlyMap<string, string>): CorrectedQuery => ({
    text: words.map((word) => change.get(word) ?? word).join(' '),
    corrected: [...change].map(([typed, meant]) => ({ typed, meant })),
  });
  const distinct = [...new Set(words)];
  const unknown = distinct.filter((word) => !isKnown(word));
  if (unknown.length > 0) {
    const choices = unknown.map((word) => vocabulary.near(word, MAX_WORDS));
    return combinations(choices, MAX_TRIES).map((meant) =>
      with_(new Map(unknown.map((word, i) => [word, meant[i]!]))),
    );
  }
  if (found > 0) return [];
  const single = distinct.flatMap((word) =>
    vocabulary
      .near(word, MAX_WORDS, MUCH_MORE * vocabulary.items(word))
      .map((meant, rank) => ({ word, meant, rank })),
  );
  return single
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_TRIES)
    .map(({ word, meant }) => with_(new Map([[word, meant]])));
}

/** One of each list, those first that take the first of each; `max` of them, none when a list is empty. */
function combinations(choices: readonly (readonly string[])[], max: number): string[][] {
  let all: { readonly words: string[]; readonly rank: number }[] = [{ words: [], rank: 0 }];
  for (const list of choices) {
    all = all
      .flatMap(({ words, rank }) => list.map((word, i) => ({ words: [...words, word], rank: rank + i })))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, max);
  }
  return all.map(({ words }) => words);
}
