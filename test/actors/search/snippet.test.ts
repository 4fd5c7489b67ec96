import fc from 'fast-check';
import { expect, test } from 'vitest';
import { snippetOf } from '../../../src/actors/search/snippet.ts';

test.each([
  ['Café del Mar', ['cafe'], null, '[Café] del Mar'],
  ['Cafe\u0301 noir', ['cafe'], null, '[Cafe\u0301] noir'],
  ['nothing here', ['else'], null, 'nothing here'],
  ['songbook', ['song'], 'song', '[song]book'],
  ['音楽大全集', ['楽大', '大全'], null, '音[楽大全]集'],
  ['[FLAC] night', ['night'], null, '(FLAC) [night]'],
  ['night\u202e\u001b[31m\n', ['night'], null, '[night]\ufffd\ufffd(31m\ufffd'],
  ['', ['a'], null, ''],
])('%j for %j', (text, terms, prefix, snippet) => {
  expect(snippetOf(text, terms, prefix)).toBe(snippet);
});

test('a long text is shown around its first match', () => {
  const text = `${'left '.repeat(200)}needle${' right'.repeat(200)}`;
  const snippet = snippetOf(text, ['needle'], null);
  expect(snippet).toContain('[needle]');
  expect(snippet.startsWith('…')).toBe(true);
  expect(snippet.endsWith('…')).toBe(true);
});

test('whatever the text, a snippet is short, well formed, and has no marks but its own', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      (text, terms) => {
        const folded = terms.map((term) => term.normalize('NFKD').toLowerCase());
        const snippet = snippetOf(text, folded, null);
        expect(snippet.length).toBeLessThanOrEqual(160 * 3 + 2);
        expect(snippet.isWellFormed()).toBe(true);
        expect(snippet.replaceAll(/\[[^[\]]+\]/g, '')).not.toMatch(/[[\]\p{Cc}]/u);
      },
    ),
    { seed: 7, numRuns: 300 },
  );
});
