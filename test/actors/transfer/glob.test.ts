import { expect, test } from 'vitest';
import { matchesGlob } from '../../../src/actors/transfer/glob.ts';

test.each([
  ['*.flac', 'a/b/01.FLAC', true],
  ['*.flac', 'a/b.flac/01.mp3', false],
  ['0?.flac', 'a/01.flac', true],
  ['0?.flac', 'a/0.flac', false],
  ['cover.jpg', 'a/cover.jpg', true],
  ['a/*.jpg', 'a/cover.jpg', true],
  ['a/*.jpg', 'a/b/cover.jpg', false],
  ['a/**.jpg', 'a/b/cover.jpg', true],
  ['a/**', 'a/b/c', true],
  ['a/**', 'ab/c', false],
  ['/a/b', 'a/b', true],
  ['**/live/*', 'x/y/live/1', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['caf\u00e9*', 'cafe\u0301 tacvba', true],
  ['[a]', '[a]', true],
  ['a*?*?*c', 'abc', false],
  ['a*?*?*c', 'abbc', true],
])('%s for %s: %s', (pattern, path, matches) => {
  expect(matchesGlob(path, pattern)).toBe(matches);
});

test('a pattern made to take for ever does not', () => {
  const from = performance.now();
  expect(matchesGlob('a'.repeat(2_000), `${'*a'.repeat(500)}b`)).toBe(false);
  expect(performance.now() - from).toBeLessThan(1_000);
});
