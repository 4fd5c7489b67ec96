import type { Clock } from '../../supervisor/contract/clock.ts';
import { runSliced } from '../run-sliced.ts';
import type { Correction } from './contract.ts';
import { type CorrectedQuery, correctedQueries, ENOUGH } from './corrections.ts';
import type { Cursor } from './cursor.ts';
import { wordsOf } from './normalise.ts';
import { parseQuery, type Query, queryTerm } from './query.ts';
import { correctedScore } from './score.ts';
import type { Match, SearchedShare, Shares } from './shares.ts';
import type { Stemmer } from './stemmer.ts';
import type { VocabularyKeeper } from './vocabulary-keeper.ts';

/** A match with the query that it matches. */
export interface Found {
  readonly match: Match;
  readonly query: Query;
  readonly score: number;
  readonly meant: Cursor['meant'];
}

export const correctionsOf = ({ meant }: Found): readonly Correction[] => meant?.corrected ?? [];

export interface Wanted {
  readonly text: string;
  readonly query: Query;
  /** From the first behind the cursor, or the first of all. */
  readonly count: number;
  readonly cursor: Cursor | null;
  readonly asTyped: boolean;
  readonly visible: (share: SearchedShare) => boolean;
}

/** What is searched, and how. */
export interface SearchState {
  readonly shares: Shares;
  readonly words: VocabularyKeeper;
  readonly stemmer: Stemmer | null;
  readonly clock: Clock;
}

/**
 * The first `count` matches behind the cursor: those of the words as they are typed, and only when they are few, behind
 * them those of one correction. `complete` is false when corrections were called for and the words are not gathered yet.
 */
export async function findMatches(
  state: SearchState,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<{ found: readonly Found[]; complete: boolean }> {
  const { shares, clock } = state;
  const { query, count, cursor, asTyped, visible } = wanted;
  const sliced = <T>(work: Generator<undefined, T, void>) => runSliced(work, clock, signal);
  const from = cursor?.meant ? null : (cursor?.place ?? null);
  const typed = cursor?.meant ? [] : await sliced(shares.search(query, count, visible, from));
  const found = typed.map((match) => ({ match, query, score: match.score, meant: null }));
  if (found.length >= count || asTyped) return { found, complete: true };

  // Whatever page this is, what there is as typed decides.
  const all = cursor === null ? typed : await sliced(shares.search(query, ENOUGH, visible));
  if (all.length >= ENOUGH) return { found, complete: true };
  const left = count - found.length;
  if (cursor?.meant) return { found: await follow(state, wanted, all, left, cursor, signal), complete: true };
  const words = await state.words.words();
  if (words === null) return { found, complete: false };
  const known = await sliced(knownWords(shares, wanted.text, all.length === 0, visible));
  const tries = correctedQueries(wanted.text, all.length, known, words);
  for (const meant of tries) {
    const more = await corrected(state, wanted, { all, count: left, meant }, null, signal);
    if (more.length > 0) return { found: [...found, ...more], complete: true };
  }
  return { found, complete: true };
}

const follow = (
  state: SearchState,
  wanted: Wanted,
  all: readonly Match[],
  count: number,
  { meant, place }: Cursor,
  signal: AbortSignal,
): Promise<Found[]> => corrected(state, wanted, { all, count, meant: meant! }, place, signal);

/** The matches of a corrected query that are none of the query as it was typed. */
async function corrected(
  { shares, stemmer, clock }: SearchState,
  { visible }: Wanted,
  { all, count, meant }: { all: readonly Match[]; count: number; meant: CorrectedQuery },
  place: Cursor['place'] | null,
  signal: AbortSignal,
): Promise<Found[]> {
  const query = parseQuery(meant.text, stemmer);
  if (query === null) return [];
  const isTyped = ({ share, document }: Match) =>
    all.some((match) => match.share === share && match.document === document);
  const lowest = all.at(-1)?.score ?? Number.POSITIVE_INFINITY;
  const matches = await runSliced(shares.search(query, count + all.length, visible, place), clock, signal);
  return matches
    .filter((match) => !isTyped(match))
    .slice(0, count)
    .map((match) => ({ match, query, score: correctedScore(match.score, lowest), meant }));
}

/** Which words of a text are in a name, a tag or the text of a share; of the last one a beginning may be enough. */
function* knownWords(
  shares: Shares,
  text: string,
  beginning: boolean,
  visible: (share: SearchedShare) => boolean,
): Generator<undefined, (word: string) => boolean, void> {
  const known = new Set<string>();
  const words = wordsOf(text);
  for (const [i, { text: word, unspaced }] of words.entries()) {
    // What is written without spaces is no word that could be told from another.
    const has =
      unspaced || (yield* shares.has(queryTerm(word), beginning && i === words.length - 1, visible));
    if (has) known.add(word);
  }
  return (word) => known.has(word);
}
