import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Stemming } from '../../../src/actors/search/contract.ts';
import { indexTerms, nameKey, queryTerms } from '../../../src/actors/search/normalise.ts';
import { parseQuery } from '../../../src/actors/search/query.ts';
import { scoreOf, TIERS, type Tier } from '../../../src/actors/search/score.ts';
import { buildSegment } from '../../../src/actors/search/segment-builder.ts';
import { Segment } from '../../../src/actors/search/segment-reader.ts';
import { type Match, type Place, Shares, searchedShare } from '../../../src/actors/search/shares.ts';
import { loadStemmer, type Stemmer } from '../../../src/actors/search/stemmer.ts';
import { Vocabulary } from '../../../src/actors/search/vocabulary.ts';
import { subscriptionOf } from '../sync/world.ts';

// The search against one that is too simple to be wrong: every item is looked at, tier by tier.
const RUNS = { seed: 7, numRuns: 150 };
const english = (await loadStemmer('english'))!;

interface Item {
  readonly name: string;
  readonly tags: readonly string[];
}
interface Share {
  readonly items: readonly Item[];
  readonly title: string | null;
  readonly weight: number;
  readonly shown: boolean;
}

function finished<T>(work: Generator<undefined, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const WORDS =
  'river rivers song songs singing night nights nightly blue bluer train 音楽大全 x264 s01e02 café'.split(
    ' ',
  );
const words = (max: number) =>
  fc
    .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: max })
    .map((list) => list.join(list.length % 2 ? ' ' : '-'));
const share = fc.record<Share>({
  items: fc.array(fc.record({ name: words(5), tags: fc.array(words(2), { maxLength: 2 }) }), {
    maxLength: 40,
  }),
  title: fc.option(words(2)),
  weight: fc.constantFrom(0, 0.5, 1, 1, 2),
  shown: fc.boolean(),
});
const query = fc.oneof(
  words(3),
  words(2).map((text) => text.slice(0, -1)),
  words(1).map((text) => text.slice(0, 2)),
);

function sharesOf(list: readonly Share[], stemmer: Stemmer | null) {
  const shares = new Shares();
  const shown = new Set<string>();
  for (const [i, { items, title, weight, shown: isShown }] of list.entries()) {
    const shareId = i.toString(16).padStart(64, '0');
    const rows = items.map(({ name, tags }, at) => ({
      contentId: new Uint8Array(32).fill(at),
      size: at,
      name,
      path: null,
      tags,
    }));
    const { index } = finished(buildSegment(rows, new Uint8Array(32), stemmer));
    const subscription = { ...subscriptionOf(shareId, shareId, []), title, weight };
    shares.set(searchedShare(subscription, 1, Segment.open(index)!));
    if (isShown) shown.add(shareId);
  }
  return { shares, visible: ({ shareId }: { shareId: string }) => shown.has(shareId) };
}

/** In which tiers an item is found. */
function tiersOf({ name, tags }: Item, title: string | null, text: string, stemmer: Stemmer | null): Tier[] {
  const terms = queryTerms(text);
  const inName = indexTerms(name, 64);
  const inTags = new Set(tags.flatMap((tag) => [...indexTerms(tag, 64)]));
  const inTitle = indexTerms(title ?? '', 512);
  const stems = new Set([...inName].map((term) => stemmer?.stem(term)));
  const others = terms.slice(0, -1);
  const last = terms.at(-1) ?? '';
  const holds: Record<Tier, boolean> = {
    exact: nameKey(name) === nameKey(text),
    name: terms.every((term) => inName.has(term)),
    prefix: others.every((term) => inName.has(term)) && [...inName].some((term) => term.startsWith(last)),
    stem: stemmer !== null && terms.every((term) => stems.has(stemmer.stem(term)) || inName.has(term)),
    tags: terms.every((term) => inName.has(term) || inTags.has(term)),
    share:
      terms.some((term) => inTitle.has(term)) &&
      terms.every((term) => inName.has(term) || inTags.has(term) || inTitle.has(term)),
  };
  return TIERS.filter((tier) => holds[tier]);
}

/** How many items each share has in each tier, each item in its best one. */
function expected(list: readonly Share[], text: string, stemmer: Stemmer | null): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [i, { items, title, weight, shown }] of list.entries()) {
    if (!shown || weight === 0) continue;
    for (const item of items) {
      const [tier] = tiersOf(item, title, text, stemmer);
      if (tier === undefined) continue;
      const key = `${i} ${tier}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

const placeOf = ({ score, tier, share: { shareId }, nth }: Match): Place => ({ score, tier, shareId, nth });
const nameOf = ({ share: { shareId }, document }: Match) => `${shareId} ${document}`;

describe('a search finds what looking at every item finds', () => {
  test.each<[string, Stemmer | null]>([
    ['off', null],
    ['english', english],
  ])('with stemming %s', (_, stemmer) => {
    fc.assert(
      fc.property(fc.array(share, { maxLength: 4 }), query, (list, text) => {
        const { shares, visible } = sharesOf(list, stemmer);
        const parsed = parseQuery(text, stemmer);
        if (parsed === null) return;
        const matches = finished(shares.search(parsed, 10_000, visible));
        const counts = new Map<string, number>();
        for (const {
          share: { shareId, weight },
          tier,
          score,
        } of matches) {
          expect(score).toBe(scoreOf(tier, weight));
          const key = `${Number.parseInt(shareId, 16)} ${tier}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        expect(counts).toEqual(expected(list, text, stemmer));
        expect(new Set(matches.map(nameOf)).size).toBe(matches.length);
        const scores = matches.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
      }),
      RUNS,
    );
  });

  test('page by page as in one', () => {
    fc.assert(
      fc.property(
        fc.array(share, { maxLength: 4 }),
        query,
        fc.integer({ min: 1, max: 7 }),
        (list, text, size) => {
          const { shares, visible } = sharesOf(list, null);
          const parsed = parseQuery(text);
          if (parsed === null) return;
          const all = finished(shares.search(parsed, 10_000, visible)).map(nameOf);
          const paged: string[] = [];
          let after: Place | null = null;
          for (;;) {
            const page: Match[] = finished(shares.search(parsed, size, visible, after));
            paged.push(...page.map(nameOf));
            if (page.length < size) break;
            after = placeOf(page.at(-1)!);
          }
          expect(paged).toEqual(all);
        },
      ),
      RUNS,
    );
  });
});

describe('words one typing error away', () => {
  const near = fc.string({ unit: fc.constantFrom(...'abcé'), minLength: 3, maxLength: 7 });

  /** Levenshtein's distance, neighbours exchanged counted as one. */
  function distance(a: string, b: string): number {
    const rows = Array.from({ length: a.length + 1 }, (_, i) =>
      Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
    );
    for (let i = 1; i <= a.length; i++) {
      for (let j = 1; j <= b.length; j++) {
        const cost = a[i - 1] === b[j - 1] ? 0 : 1;
        rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          rows[i]![j] = Math.min(rows[i]![j]!, rows[i - 2]![j - 2]! + 1);
        }
      }
    }
    return rows[a.length]![b.length]!;
  }

  const segmentOf = (names: readonly string[]) =>
    Segment.open(
      finished(
        buildSegment(
          names.map((name, i) => ({
            contentId: new Uint8Array(32).fill(i),
            size: 1,
            name,
            path: null,
            tags: [],
          })),
          new Uint8Array(32),
        ),
      ).index,
    )!;

  test('are all found, and none else; those of a segment that went are forgotten', () => {
    fc.assert(
      fc.property(
        fc.array(near, { maxLength: 30 }),
        fc.array(near, { maxLength: 30 }),
        near,
        (kept, gone, typed) => {
          const vocabulary = new Vocabulary();
          finished(vocabulary.add(segmentOf(kept)));
          const second = segmentOf(gone);
          finished(vocabulary.add(second));
          finished(vocabulary.remove(second));
          const folded = new Set(kept.flatMap((name) => [...indexTerms(name, 64)]));
          const word = nameKey(typed);
          const right = [...folded].filter(
            (each) => each.length >= 4 && word.length >= 4 && distance(each, word) === 1,
          );
          expect(new Set(vocabulary.near(word, 1000))).toEqual(new Set(right));
        },
      ),
      RUNS,
    );
  });
});

test.each<[Stemming, string, string]>([
  ['english', 'songs', 'song'],
  ['german', 'hauser', 'haus'],
  ['russian', 'книги', 'книга'],
])('stems of %s: %s and %s are one', async (stemming, a, b) => {
  const stemmer = (await loadStemmer(stemming))!;
  expect(stemmer.stem(a)).toBe(stemmer.stem(b));
});

test('a stemmer takes whatever word, and leaves what is none', async () => {
  for (const stemming of ['english', 'french', 'dutch', 'finnish', 'italian'] as const) {
    const stemmer = (await loadStemmer(stemming))!;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (word) => {
        expect(typeof stemmer.stem(word)).toBe('string');
        expect(stemmer.stem(word) === '').toBe(word === '');
      }),
      { seed: 3, numRuns: 300 },
    );
    expect(stemmer.stem('x264')).toBe('x264');
    expect(stemmer.stem('a'.repeat(33))).toBe('a'.repeat(33));
  }
});
