import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctPlaces } from '../../../src/actors/transfer/distinct-places.ts';

function placesOf(...paths: string[]): string[] {
  const places = new DistinctPlaces();
  const split = paths.map((path) => path.split('/'));
  for (const path of split) places.addFolders(path);
  return split.map((path) => places.place(path).join('/'));
}

test.each([
  ['nothing in common', ['a/b.txt', 'a/c.txt', 'd'], ['a/b.txt', 'a/c.txt', 'd']],
  ['the same path', ['a.txt', 'a.txt', 'a.txt'], ['a.txt', 'a (2).txt', 'a (3).txt']],
  ['case', ['Cover.jpg', 'COVER.JPG'], ['Cover.jpg', 'COVER (2).JPG']],
  ['case that changes the length', ['Straße', 'STRASSE'], ['Straße', 'STRASSE (2)']],
  ['accents composed and not', ['caf\u00e9.txt', 'cafe\u0301.txt'], ['caf\u00e9.txt', 'cafe\u0301 (2).txt']],
  ['Å, ångström, and its sign', ['\u00c5', '\u212b', 'a\u030a'], ['\u00c5', '\u212b (2)', 'a\u030a (3)']],
  [
    'folders that differ in case are one',
    ['Music/a', 'music/b', 'MUSIC/a'],
    ['Music/a', 'Music/b', 'Music/a (2)'],
  ],
  ['inner folders too', ['x/Y/a', 'X/y/b'], ['x/Y/a', 'x/Y/b']],
  ['a file named as a folder', ['a', 'a/b', 'A/c'], ['a (2)', 'a/b', 'a/c']],
  ['a folder named as a file before it', ['a/b', 'a'], ['a/b', 'a (2)']],
  ['a number that is taken', ['a.txt', 'a (2).txt', 'A.txt'], ['a.txt', 'a (2).txt', 'A (3).txt']],
  ['a number before its name', ['a (2)', 'a', 'a'], ['a (2)', 'a', 'a (3)']],
  [
    'dots',
    ['.profile', '.PROFILE', 'a.tar.gz', 'A.tar.gz'],
    ['.profile', '.PROFILE (2)', 'a.tar.gz', 'A.tar (2).gz'],
  ],
  [
    'long names',
    [`${'n'.repeat(251)}.txt`, `${'N'.repeat(251)}.txt`],
    [`${'n'.repeat(251)}.txt`, `${'N'.repeat(247)} (2).txt`],
  ],
])('%s', (_, paths, expected) => {
  expect(placesOf(...paths)).toEqual(expected);
});

test('a name that turns out to be taken on disk gets the next free one, beside its own', () => {
  const places = new DistinctPlaces();
  for (const path of ['a/x.txt', 'a/x (2).txt']) places.addFolders(path.split('/'));
  places.place(['a', 'x.txt']);
  places.place(['a', 'x (2).txt']);
  expect(places.another(['a', 'x.txt'])).toEqual(['a', 'x (3).txt']);
  expect(places.another(['a', 'x.txt'])).toEqual(['a', 'x (4).txt']);
});

test('there is an end to it', () => {
  const places = new DistinctPlaces();
  places.place(['x']);
  expect(() => {
    for (;;) places.another(['x']);
  }).toThrowError(expect.objectContaining({ code: 'E_PATH_INVALID' }));
});

test('no two places are one on a disk that ignores case and the form of accents; no file is a folder', () => {
  const part = fc.constantFrom(
    'a',
    'A',
    'a (2)',
    'é',
    'e\u0301',
    'E\u0301',
    'b.txt',
    'B.TXT',
    'b (2).txt',
    'ß',
    'ss',
    'SS',
  );
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 40 }), (paths) => {
      const fold = (text: string) => text.normalize('NFC').toUpperCase().normalize('NFC');
      const files = placesOf(...paths);
      expect(new Set(files.map(fold)).size).toBe(paths.length);
      const folders = new Set(
        files.flatMap((file) =>
          file
            .split('/')
            .slice(0, -1)
            .map((_, i) =>
              file
                .split('/')
                .slice(0, i + 1)
                .join('/'),
            ),
        ),
      );
      for (const file of files) expect([...folders].map(fold)).not.toContain(fold(file));
      // One spelling for each folder.
      expect(new Set([...folders].map(fold)).size).toBe(folders.size);
      expect(placesOf(...paths)).toEqual(files);
    }),
  );
});

test('thousands of files of one name are numbered in no time', () => {
  const paths = Array.from({ length: 3000 }, () => 'folder/same.txt');
  const from = performance.now();
  expect(new Set(placesOf(...paths)).size).toBe(3000);
  expect(performance.now() - from).toBeLessThan(1_000);
});
