import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bloomAdd, bloomBits, bloomHas, bloomWords } from '../../../src/actors/search/bloom.ts';
import { fold, indexTerms, nameKey, queryTerms } from '../../../src/actors/search/normalise.ts';
import { OctetWriter } from '../../../src/actors/search/octet-writer.ts';
import { parseQuery } from '../../../src/actors/search/query.ts';
import { intersect, union } from '../../../src/actors/search/rising-lists.ts';
import { decodeRow, encodeRow, type Row } from '../../../src/actors/search/row.ts';
import { buildSegment } from '../../../src/actors/search/segment-builder.ts';
import { Segment } from '../../../src/actors/search/segment-reader.ts';
import { ShareSearch } from '../../../src/actors/search/share-search.ts';
import { sortedTerms } from '../../../src/actors/search/sorted-terms.ts';
import { hashTerm } from '../../../src/actors/search/term-hash.ts';

const RUNS = { seed: 42, numRuns: 200 };
const ID = new Uint8Array(32).fill(5);

function encoded(row: Row): Buffer {
  const octets = new OctetWriter(1, 1);
  encodeRow(row, octets);
  return Buffer.from(octets.octets);
}

function built(rows: readonly Row[]) {
  const work = buildSegment(rows, ID);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function opened(rows: readonly Row[]) {
  const { index, rows: octets } = built(rows);
  const segment = Segment.open(index);
  if (segment === null) throw new Error('does not open');
  const rowOf = (document: number) => {
    const { offset, length } = segment.row(document);
    return decodeRow(Buffer.from(octets.subarray(offset, offset + length)));
  };
  return { segment, rowOf };
}

// Letters of several scripts, marks, separators, characters beyond the first plane.
const name = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'abcABC019 _-.()[]áÅß音楽が漢한국яЖابثกขσςΣ🎉𠮷𐐀ﬁ'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 40,
});
const row = fc.record<Row>({
  contentId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  size: fc.maxSafeNat(),
  name,
  path: fc.option(name),
  tags: fc.array(name, { maxLength: 3 }),
});

describe('segments', () => {
  test('every item is found by its full name, in the first tier', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const { segment, rowOf } = opened(rows);
        for (const { name } of rows) {
          const query = parseQuery(name);
          if (query === null) continue;
          const found = new ShareSearch(segment, new Set(), query).tier('exact', 100).map(rowOf);
          expect(found.map((hit) => hit?.name)).toContain(name);
          expect(new Set(found.map((hit) => nameKey(hit?.name ?? ''))).size).toBe(1);
        }
      }),
      RUNS,
    );
  });

  test('all rows come back as they went in, and every term finds its items', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const { segment, rowOf } = opened(rows);
        expect(segment.documents).toBe(rows.length);
        expect(segment.manifestId).toEqual(ID);
        const all = Array.from({ length: rows.length }, (_, document) => rowOf(document));
        expect(new Set(all.map((hit) => JSON.stringify(hit)))).toEqual(
          new Set(rows.map((given) => JSON.stringify(given))),
        );
        for (const [document, hit] of all.entries()) {
          for (const term of indexTerms(hit?.name ?? '', 64)) {
            const place = segment.find(Buffer.from(term));
            expect(place).toBeGreaterThanOrEqual(0);
            expect(segment.list(place).names()).toContain(document);
            expect(segment.list(place).count).toBe(segment.list(place).names().length);
          }
        }
      }),
      RUNS,
    );
  });

  test('a term is found among many that begin alike, and where it would stand when it is missing', () => {
    const alike = fc.string({
      unit: fc.constantFrom('a', 'b', 'é', '\u{1f600}'),
      minLength: 1,
      maxLength: 7,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(alike, { minLength: 1, maxLength: 120 }),
        fc.array(alike),
        (words, asked) => {
          const rows = words.map((word) => ({
            contentId: ID,
            size: 1,
            name: `${word.replaceAll('\u{1f600}', 'z')} aaaa`,
            path: null,
            tags: [],
          }));
          const { segment } = opened(rows);
          const terms = Array.from({ length: segment.terms }, (_, place) => segment.term(place));
          for (const [place, term] of terms.entries()) expect(segment.find(Buffer.from(term))).toBe(place);
          for (const word of [...asked, '', '\u{10ffff}']) {
            const wanted = Buffer.from(word);
            if (terms.includes(word)) continue;
            const below = terms.filter((term) => Buffer.compare(Buffer.from(term), wanted) < 0).length;
            expect(segment.find(wanted)).toBe(~below);
          }
        },
      ),
      RUNS,
    );
  });

  test('the filter forgets nothing, and is wrong about one in fifty at most', () => {
    const bits = bloomBits(2_000);
    const words = new Uint32Array(bloomWords(bits));
    for (let i = 0; i < 2_000; i++) bloomAdd(words, bits, hashTerm(`in ${i}`));
    let wrong = 0;
    for (let i = 0; i < 2_000; i++) {
      expect(bloomHas(words, bits, hashTerm(`in ${i}`))).toBe(true);
      if (bloomHas(words, bits, hashTerm(`out ${i}`))) wrong++;
    }
    expect(wrong).toBeLessThan(40);
  });

  test('of all names the search by words finds those that have them', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), name, (rows, text) => {
        const query = parseQuery(text);
        if (query === null || query.terms.length === 0) return;
        const { segment, rowOf } = opened(rows);
        const search = new ShareSearch(segment, new Set(), query);
        const found = [...search.tier('exact', 1000), ...search.tier('name', 1000)];
        const terms = query.terms.map((term) => term.text);
        for (const [document, terms64] of Array.from(
          { length: rows.length },
          (_, d) => [d, indexTerms(rowOf(d)?.name ?? '', 64)] as const,
        )) {
          const has = terms.length > 0 && terms.every((term) => terms64.has(term));
          expect(found.includes(document)).toBe(has);
        }
      }),
      RUNS,
    );
  });

  test('a damaged index never opens, and never breaks anything', () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({
      contentId: new Uint8Array(32).fill(i),
      size: i,
      name: `name ${i} word${i % 7}`,
      path: null,
      tags: ['tag'],
    }));
    const { index } = built(rows);
    fc.assert(
      fc.property(
        fc.nat(index.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(index.length),
        (at, flip, length) => {
          const flipped = new Uint8Array(index);
          flipped[at]! ^= flip;
          expect(Segment.open(flipped)).toBeNull();
          if (length < index.length) expect(Segment.open(index.slice(0, length))).toBeNull();
        },
      ),
      RUNS,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(Segment.open(new Uint8Array(noise))).toBeNull();
      }),
      RUNS,
    );
  });

  test('a damaged row is none', () => {
    fc.assert(
      fc.property(row, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
        const octets = encoded(given);
        expect(decodeRow(octets)).toEqual(given);
        octets[at % octets.length]! ^= flip;
        expect(decodeRow(octets)).toBeNull();
      }),
      RUNS,
    );
  });
});

describe('parts', () => {
  const list = fc.uniqueArray(fc.nat(200), { maxLength: 80 }).map((items) => items.sort((a, b) => a - b));
  const few = fc.uniqueArray(fc.nat(200), { maxLength: 4 }).map((items) => items.sort((a, b) => a - b));

  test('lists have in common what sets have in common', () => {
    fc.assert(
      fc.property(fc.oneof(list, few), list, (a, b) => {
        expect(intersect(a, b)).toEqual(a.filter((each) => b.includes(each)));
        expect(union(a, b)).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
      }),
      RUNS,
    );
  });

  test('terms are sorted as their octets are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 1500, size: 'max' }), (terms) => {
        const work = sortedTerms(terms);
        let step = work.next();
        while (!step.done) step = work.next();
        expect(step.value).toEqual([...terms].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { seed: 42, numRuns: 20 },
    );
  });

  test('folding twice is folding once, and what is asked is what is indexed', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(fold(fold(text))).toBe(fold(text));
        expect(nameKey(nameKey(text))).toBe(nameKey(text));
        const indexed = indexTerms(text, 1000);
        for (const term of queryTerms(text)) expect(indexed).toContain(term);
      }),
      RUNS,
    );
  });

  test('terms are bounded', () => {
    expect(
      indexTerms('a b '.repeat(1000) + Array.from({ length: 500 }, (_, i) => `w${i}`).join(' '), 64).size,
    ).toBe(64);
    expect(queryTerms(Array.from({ length: 500 }, (_, i) => `w${i}`).join(' '))).toHaveLength(16);
    expect([...indexTerms('x'.repeat(1000), 64)]).toEqual(['x'.repeat(64)]);
    expect(queryTerms('x'.repeat(1000))).toEqual(['x'.repeat(64)]);
  });
});
