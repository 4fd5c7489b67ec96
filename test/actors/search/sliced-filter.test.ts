import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitIn } from '../../../src/actors/search/bits.ts';
import { bloomAdd, bloomBits, bloomHas, bloomWords } from '../../../src/actors/search/bloom.ts';
import { type Filtered, SlicedFilter } from '../../../src/actors/search/sliced-filter.ts';
import { hashShareTerm, hashTerm } from '../../../src/actors/search/term-hash.ts';

interface Share extends Filtered {
  readonly terms: readonly string[];
}

/** The first `count` of the terms that begin so, in a filter that may be made for more. */
function shareOf(beginning: string, count: number, room: number, texts: readonly string[] = []): Share {
  const terms = Array.from({ length: count }, (_, i) => `${beginning}${i}`);
  const bits = bloomBits(Math.max(count, room));
  const filter = new Uint32Array(bloomWords(bits));
  for (const term of terms) bloomAdd(filter, bits, hashTerm(term));
  return { segment: { filter }, texts: new Set(texts), terms };
}

const alone = ({ segment: { filter } }: Share, term: string) =>
  bloomHas(filter, filter.length * 32, hashTerm(term));

function settled(filter: SlicedFilter<Share>) {
  for (const _ of filter.settle());
  return (share: Share, term: string) => bitIn(filter.look(hashTerm(term)), 0, filter.slot(share));
}

const share = fc
  .record({
    beginning: fc.constantFrom('a', 'b', 'c'),
    count: fc.nat(60),
    room: fc.constantFrom(0, 0, 150, 600),
  })
  .map(({ beginning, count, room }) => shareOf(beginning, count, room));
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: fc.array(share, { minLength: 1, maxLength: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ remove: fc.nat(), add: fc.array(share, { minLength: 1, maxLength: 1 }) }),
  },
);
const ASKED = ['a0', 'a7', 'a59', 'b3', 'c1', 'd4', 'd5'];

test('of all filters side by side each says what it says alone, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const filter = new SlicedFilter<Share>();
      const held: Share[] = [];
      for (const { add = [], remove } of changes as { add?: Share[]; remove?: number }[]) {
        if (remove !== undefined && held.length > 0) {
          for (const gone of held.splice(remove % held.length, 7)) filter.remove(gone);
        }
        for (const each of add) filter.add(each);
        held.push(...add);
        // Some go before they were ever in place.
        if (held.length % 3 === 0) continue;
        const has = settled(filter);
        for (const term of ASKED) for (const each of held) expect(has(each, term)).toBe(alone(each, term));
      }
      settled(filter);
      expect(new Set(held.map((each) => filter.slot(each))).size).toBe(held.length);
    }),
    { seed: 11, numRuns: 60 },
  );
});

test('more shares than one tile takes', () => {
  const filter = new SlicedFilter<Share>();
  const shares = Array.from({ length: 600 }, (_, i) => shareOf(`s${i % 50}x`, 40, 40));
  for (const each of shares) filter.add(each);
  const has = settled(filter);
  for (const [i, each] of shares.entries()) {
    expect(has(each, `s${i % 50}x39`)).toBe(true);
    expect(has(each, `s${(i + 1) % 50}x39`)).toBe(alone(each, `s${(i + 1) % 50}x39`));
  }
});

test('a filter too large for a tile of its own is folded, and forgets nothing', () => {
  const filter = new SlicedFilter<Share>();
  const large = shareOf('l', 2000, 100_000);
  const small = shareOf('s', 2000, 2000);
  filter.add(large);
  filter.add(small);
  const has = settled(filter);
  for (const term of large.terms) expect(has(large, term)).toBe(true);
  const wrong = small.terms.filter((term) => has(large, term)).length;
  expect(wrong).toBeLessThan(40);
});

test('the terms of its own texts are known of a share, and of no other', () => {
  const filter = new SlicedFilter<Share>();
  const shares = [shareOf('a', 40, 40, ['harbour', 'night']), shareOf('b', 40, 40)];
  for (const each of shares) filter.add(each);
  settled(filter);
  const slots = filter.look(hashShareTerm('night'));
  expect(shares.map((each) => bitIn(slots, 0, filter.slot(each)))).toEqual([true, false]);
});

test('what holds nothing takes no memory, and is counted by then', () => {
  const filter = new SlicedFilter<Share>();
  const shares = [shareOf('a', 40, 40), shareOf('b', 40, 400)];
  for (const each of shares) filter.add(each);
  settled(filter);
  expect(filter.octets).toBe(bloomBits(40) + bloomBits(400));
  for (const each of shares) filter.remove(each);
  expect(filter.octets).toBe(0);
});
