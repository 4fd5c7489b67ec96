import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable } from '../../src/cli/printable.ts';
import { displayWidth, table } from '../../src/cli/table.ts';
import { bytesText, secondsText } from '../../src/cli/units.ts';

describe('printable', () => {
  test.each([
    ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['a\nb\tc\r', 'a\\u{a}b\\u{9}c\\u{d}'],
    ['\u009b2J', '\\u{9b}2J'],
    ['photo\u202egnp.exe', 'photo\\u{202e}gnp.exe'],
    ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['\ud800x', '\\u{d800}x'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u0000', '\\u{0}'],
  ])('%j becomes visible', (hostile, shown) => {
    expect(printable(hostile)).toBe(shown);
  });

  test.each(['Blue Train.flac', 'Füße', '音楽', 'موسيقى', '👩‍👩‍👧', 'e\u0301', '\\u{1b}'])(
    '%j passes unchanged',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  test('whatever comes in, nothing that moves the cursor or turns the text comes out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]/u);
        expect(shown.isWellFormed()).toBe(true);
        expect(printable(shown)).toBe(shown);
      }),
      { seed: 7 },
    );
  });
});

test('tables line up, with figures at the right and hostile cells on one line', () => {
  const text = table(
    [
      { title: 'NAME', value: (row) => row.name },
      { title: 'SIZE', align: 'right', value: (row) => String(row.size) },
    ],
    [
      { name: '音楽', size: 5 },
      { name: 'a\nb', size: 12_345 },
    ],
  );
  expect(text).toBe('NAME      SIZE\n音楽         5\na\\u{a}b  12345');
  expect(text.split('\n').map(displayWidth)).toEqual([14, 14, 14]);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1536, '1.50 KiB'],
  [10 * 1024, '10.0 KiB'],
  [600_000_000, '572 MiB'],
  [1023 * 1024 * 1024, '1.00 GiB'],
])('%i bytes read %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0.1234, '0.12 s'],
  [59.94, '59.9 s'],
  [65, '1 min 05 s'],
  [7384, '2 h 03 min'],
  [3 * 86_400 + 4 * 3600, '3 d 4 h'],
])('%f seconds read %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
