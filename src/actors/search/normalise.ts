/**
 * How text becomes terms, the same for what is indexed and for what is asked: NFKD, lower case, marks taken off, runs
 * of letters and digits. Scripts that write no spaces (Chinese, Japanese, Thai ...) are cut into overlapping pairs of
 * characters, so that a word is found wherever it stands in a run. Text is hostile: everything is linear and bounded.
 */

/** Terms kept of one item: its name's first, then its tags'. */
export const MAX_ITEM_TERMS = 64;
/** Terms of a query that are looked at. */
export const MAX_QUERY_TERMS = 16;
/** Code units of one term; longer ones are cut, on both sides alike. */
export const MAX_TERM_LENGTH = 64;

const MARKS = /\p{M}+/gu;
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u;
const RUN =
  /[[\p{L}\p{N}]&&[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]+|[[\p{L}\p{N}]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]+/gv;

/** Lower case without marks. Character by character gives the same as the whole, so that matches can be shown. */
export function fold(text: string): string {
  // Lower-casing knows a sigma at the end of a word; a search does not want to.
  return text.normalize('NFKD').toLowerCase().replace(MARKS, '').replaceAll('ς', 'σ');
}

export interface Run {
  readonly text: string;
  /** Place in the folded text. */
  readonly at: number;
  readonly unspaced: boolean;
}

/** The runs of letters and digits of a folded text. */
export function runsOf(folded: string): Run[] {
  if (isAscii(folded)) return asciiRuns(folded);
  const runs: Run[] = [];
  for (const { 0: text, index } of folded.matchAll(RUN)) {
    runs.push({ text, at: index, unspaced: UNSPACED.test(text) });
  }
  return runs;
}

/** The words of a text: its runs, folded. */
export const wordsOf = (text: string): Run[] =>
  isAscii(text) ? asciiRuns(text.toLowerCase()) : runsOf(fold(text));

/** Adds the terms of a text in order of appearance, up to `max` in all. */
export function indexTerms(text: string, max: number, into: Set<string> = new Set()): Set<string> {
  for (const term of termsOfWords(wordsOf(text), max + into.size)) {
    if (into.size >= max) break;
    into.add(term);
  }
  return into;
}

/** The terms of words in order of appearance, each once, `max` at most. */
export function termsOfWords(words: readonly Run[], max: number): string[] {
  const terms: string[] = [];
  for (const { text: word, unspaced } of words) {
    if (terms.length >= max) break;
    if (!unspaced) {
      addOnce(terms, word.length > MAX_TERM_LENGTH ? word.slice(0, MAX_TERM_LENGTH) : word);
      continue;
    }
    // The last character of a run alone, because no pair begins with it.
    for (const term of [...pairsOf(word), lastCharacter(word)]) {
      if (terms.length >= max) break;
      addOnce(terms, term);
    }
  }
  return terms;
}

/** For a few terms: a set would cost more than it finds. */
export function addOnce(terms: string[], term: string): void {
  if (!terms.includes(term)) terms.push(term);
}

/** The terms of a query in order of appearance, each once. */
export function queryTerms(text: string): string[] {
  const terms = new Set<string>();
  for (const { text: word, unspaced } of wordsOf(text)) {
    for (const term of unspaced ? pairsOf(word) : [word.slice(0, MAX_TERM_LENGTH)]) terms.add(term);
    if (terms.size >= MAX_QUERY_TERMS) break;
  }
  return [...terms].slice(0, MAX_QUERY_TERMS);
}

/**
 * Two names with the same key are the same name to a search. Unlike terms, it covers the whole text; a name without
 * any letter or digit is its own key.
 */
export const nameKey = (text: string): string => keyOfWords(wordsOf(text), text);

export function keyOfWords(words: readonly Run[], text: string): string {
  if (words.length === 0) return text.trim();
  let key = words[0]!.text;
  for (let i = 1; i < words.length; i++) key += ` ${words[i]!.text}`;
  return key;
}

function pairsOf(word: string): string[] {
  const characters = Array.from(word);
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, i) => characters[i]! + character);
}

const lastCharacter = (word: string): string => Array.from(word).at(-1) ?? '';

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Most names are ASCII; without the tables of Unicode they are cut five times as fast. */
function asciiRuns(folded: string): Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let i = 0; i <= folded.length; i++) {
    const code = i < folded.length ? folded.charCodeAt(i) : 0;
    const inside = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a);
    if (inside && start < 0) start = i;
    else if (!inside && start >= 0) {
      runs.push({ text: folded.slice(start, i), at: start, unspaced: false });
      start = -1;
    }
  }
  return runs;
}
