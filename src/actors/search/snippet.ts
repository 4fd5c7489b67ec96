import { fold, isAscii, runsOf } from './normalise.ts';

/** Characters of a snippet around its first match, without the marks. */
const BEFORE = 40;
const MAX_LENGTH = 160;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of a text that has the terms, each match between `[` and `]`. `prefix` is a term that stands for the
 * beginning of a word; `also` says which other words match as a whole. The text is hostile: what is no visible character becomes U+FFFD, and brackets of its own
 * become parentheses, so that the marks cannot be forged.
 */
export function snippetOf(
  text: string,
  terms: readonly string[],
  prefix: string | null,
  also: (word: string) => boolean = () => false,
): string {
  const ranges = matchesIn(text, terms, prefix, also);
  const first = ranges[0]?.start ?? 0;
  const start = first <= BEFORE || text.length <= MAX_LENGTH ? 0 : boundary(text, first - BEFORE);
  const end = start + MAX_LENGTH >= text.length ? text.length : boundary(text, start + MAX_LENGTH);
  let snippet = start > 0 ? '…' : '';
  let at = start;
  for (const range of ranges) {
    if (range.start < at || range.start >= end) continue;
    const until = Math.min(range.end, end);
    snippet += `${visible(text.slice(at, range.start))}[${visible(text.slice(range.start, until))}]`;
    at = until;
  }
  snippet += visible(text.slice(at, end));
  return end < text.length ? `${snippet}…` : snippet;
}

/** Whether the snippet of this text would mark anything. */
export const hasMatch = (text: string, terms: readonly string[]): boolean =>
  matchesIn(text, terms, null, () => false).length > 0;

/** Control, format (bidi among them), line and paragraph separators; lone surrogates do not get this far. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const visible = (text: string): string =>
  text.replace(INVISIBLE, '\ufffd').replaceAll('[', '(').replaceAll(']', ')');

/** Not between the halves of a surrogate pair. */
function boundary(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** Where the matches lie in the original text, rising, apart from each other. */
function matchesIn(
  text: string,
  terms: readonly string[],
  prefix: string | null,
  also: (word: string) => boolean,
): Range[] {
  const { folded, originOf } = foldWithOrigin(text);
  const wanted = new Set(terms);
  const found: Range[] = [];
  for (const { text: word, at, unspaced } of runsOf(folded)) {
    for (const { start, end } of unspaced ? inRun(word, terms) : inWord(word, wanted, prefix, also)) {
      found.push({ start: originOf(at + start), end: originOf(at + end) });
    }
  }
  return merged(found);
}

function inWord(
  word: string,
  wanted: ReadonlySet<string>,
  prefix: string | null,
  also: (word: string) => boolean,
): Range[] {
  if (wanted.has(word) || also(word)) return [{ start: 0, end: word.length }];
  return prefix !== null && word.startsWith(prefix) ? [{ start: 0, end: prefix.length }] : [];
}

function inRun(run: string, terms: readonly string[]): Range[] {
  const found: Range[] = [];
  for (const term of terms) {
    for (let at = run.indexOf(term); at >= 0; at = run.indexOf(term, at + 1)) {
      found.push({ start: at, end: at + term.length });
    }
  }
  return found;
}

function merged(ranges: Range[]): Range[] {
  const apart: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = apart.at(-1);
    if (last !== undefined && range.start <= last.end) {
      apart[apart.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else apart.push(range);
  }
  return apart;
}

/** The folded text, and for each of its code units (and its end) the place in the original it came from. */
function foldWithOrigin(text: string): { folded: string; originOf: (at: number) => number } {
  if (isAscii(text)) return { folded: text.toLowerCase(), originOf: (at) => at };
  let folded = '';
  const origin: number[] = [];
  let at = 0;
  for (const character of text) {
    const piece = character < '\x80' ? character.toLowerCase() : fold(character);
    for (let i = 0; i < piece.length; i++) origin.push(at);
    folded += piece;
    at += character.length;
  }
  origin.push(at);
  return { folded, originOf: (at) => origin[at]! };
}
