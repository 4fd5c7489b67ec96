import { itemsOf, randomOf, type SyntheticShare, vocabulary } from './catalog.ts';

/** One kind of question. */
export interface QueryClass {
  readonly name: string;
  readonly queries: readonly string[];
  readonly offset: number;
}

const COUNT = 40;

/** A word with two neighbours exchanged. */
function misspelt(word: string, random: () => number): string {
  const at = Math.floor(random() * (word.length - 1));
  return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
}

/** The classes by how frequent their words are, and the shapes that cost most. */
export function queryClasses(shares: readonly SyntheticShare[]): QueryClass[] {
  const random = randomOf(4242);
  const between = (from: number, to: number) => vocabulary[from + Math.floor(random() * (to - from))]!;
  const times = (make: () => string) => Array.from({ length: COUNT }, make);
  const name = (longest: boolean) => {
    const share = shares[Math.floor(random() * shares.length)]!;
    const names = itemsOf(share)
      .slice(0, 50)
      .map((item) => item.name);
    return longest ? names.reduce((a, b) => (b.length > a.length ? b : a)) : names[0]!;
  };
  const at = (className: string, queries: readonly string[], offset = 0) => ({
    name: className,
    queries,
    offset,
  });
  return [
    at(
      'rare',
      times(() => between(20_000, 50_000)),
    ),
    at(
      'medium',
      times(() => between(100, 2000)),
    ),
    at(
      'common',
      times(() => between(0, 12)),
    ),
    at(
      'two_words',
      times(() => `${between(0, 10)} ${between(50, 500)}`),
    ),
    at(
      'prefix',
      times(() => between(0, 5000).slice(0, 4)),
    ),
    at('letter', [...'abcdefghijklmnopqrstuvwxyz']),
    at(
      'tag',
      times(() => `jazz ${between(0, 200)}`),
    ),
    at(
      'exact',
      times(() => name(false)),
    ),
    at(
      'long_name',
      times(() => name(true)),
    ),
    at(
      'frequent_words',
      times(() => Array.from({ length: 6 }, () => between(0, 12)).join(' ')),
    ),
    at(
      'nothing',
      times(() => `${between(0, 20)} qqqqxz${Math.floor(random() * 1000)}`),
    ),
    at(
      'typing_error',
      times(() => misspelt(between(50, 5000), random)),
    ),
    at(
      'deep_page',
      times(() => between(0, 12)),
      980,
    ),
  ];
}
