import { join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PathRules, safePart, safePath } from '../../../src/actors/transfer/safe-path.ts';
import { isUnsafeCharacter } from '../../../src/text/unsafe-character.ts';

const RULES: PathRules = { room: 4000, windows: false };
const WINDOWS: PathRules = { ...RULES, windows: true };

describe('ordinary paths pass unchanged', () => {
  test.each([
    'a.txt',
    'albums/blue train/01 – Blue Train (日本盤).flac',
    '.hidden/..not-a-parent',
    "quotes ' and $HOME and `ticks`.txt",
    'Füße, naïve café.txt',
    'موسيقى/👩‍👩‍👧/e\u0301.txt',
    '-rf',
    '100% #1 [live] {take 2} (final)~.txt',
    'what? really: "yes" <or> no|maybe*.txt',
    'CONTROL.txt',
    'console/nullable/com10.txt',
    'a. b/c.d .e',
    `${'n'.repeat(251)}.txt`,
    '…',
  ])('%j', (path) => {
    expect(safePath(path, RULES).join('/')).toBe(path);
  });
});

describe('hostile paths do not', () => {
  test.each([
    ['../../etc/passwd', ['._', '._', 'etc', 'passwd']],
    ['/etc/passwd', ['etc', 'passwd']],
    ['a/../../b', ['a', '._', '._', 'b']],
    ['./a/./b//c', ['a', 'b', 'c']],
    ['..', ['._']],
    ['...', ['.._']],
    ['', ['_']],
    ['/', ['_']],
    ['././.', ['_']],
    ['..\\..\\x', ['.._.._x']],
    ['C:\\Windows\\x', ['C__Windows_x']],
    ['C:/x', ['C_', 'x']],
    ['c:x', ['c_x']],
    ['\\\\server\\share', ['__server_share']],
    ['CON', ['_CON']],
    ['con.txt', ['_con.txt']],
    ['a/nul/b', ['a', '_nul', 'b']],
    ['Com1.tar.gz', ['_Com1.tar.gz']],
    ['LPT9 .txt', ['_LPT9 .txt']],
    ['COM²', ['_COM²']],
    ['CON.', ['_CON_']],
    ['conin$', ['_conin$']],
    ['trailing.', ['trailing_']],
    ['trailing ', ['trailing_']],
    ['trailing. . ', ['trailing. ._']],
    ['dir./f', ['dir_', 'f']],
    [' ', ['_']],
    ['nul\0byte', ['nul_byte']],
    ['line\nbreak\t\u001b[31m', ['line_break__[31m']],
    ['photo\u202egnp.exe', ['photo_gnp.exe']],
    ['\u2066x\u2069', ['_x_']],
    ['a\u200bb\ufeff', ['a_b_']],
    ['\ud800', ['_']],
    [`${'n'.repeat(300)}.flac`, [`${'n'.repeat(250)}.flac`]],
    [`${'ü'.repeat(200)}.flac`, [`${'ü'.repeat(125)}.flac`]],
    [`${'🎷'.repeat(100)}`, ['🎷'.repeat(63)]],
    [`x.${'e'.repeat(300)}`, [`x.${'e'.repeat(253)}`]],
    [`${'n'.repeat(254)}..`, [`${'n'.repeat(254)}_`]],
  ])('%j', (path, parts) => {
    expect(safePath(path, RULES)).toEqual(parts);
  });

  test('on Windows more characters are none of a name', () => {
    expect(safePath('a:b/c?d*e|f"g<h>i', WINDOWS)).toEqual(['a_b', 'c_d_e_f_g_h_i']);
  });

  test('a name has no folders', () => {
    expect(safePart('../a/b', false)).toBe('.._a_b');
    expect(safePart('..', false)).toBe('._');
  });

  test('too long a path loses its outer folders, never its name', () => {
    expect(safePath('outer/middle/inner/name', { ...RULES, room: 10 })).toEqual(['inner', 'name']);
    expect(safePath('outer/middle/inner/name', { ...RULES, room: 9 })).toEqual(['name']);
    expect(safePath('outer/middle/inner/name', { ...RULES, room: 1 })).toEqual(['name']);
    expect(safePath('outer/middle/inner/name', { ...RULES, room: 23 })).toHaveLength(4);
  });

  test('too deep a path as well', () => {
    const parts = safePath(`${Array.from({ length: 2000 }, (_, i) => i).join('/')}/name`, RULES);
    expect(parts).toHaveLength(65);
    expect(parts.slice(-2)).toEqual(['1999', 'name']);
  });
});

describe('whatever the text', () => {
  const nasty = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ' ',
    ':',
    'C:',
    'CON',
    'nul.',
    '\0',
    '\u202e',
    '\n',
    '\ud800',
    '\u0301',
    'é',
    'ß',
    'ı',
    '🎷',
    'x'.repeat(260),
  );
  const text = fc
    .array(fc.oneof(nasty, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), { maxLength: 12 })
    .map((pieces) => pieces.join(''));
  const rules = fc.record({ room: fc.integer({ min: 1, max: 5000 }), windows: fc.boolean() });

  test('the path stays below the folder, and every part is a plain name', () => {
    fc.assert(
      fc.property(text, rules, (path, limits) => {
        const parts = safePath(path, limits);
        expect(parts.length).toBeGreaterThan(0);
        const inside = relative('/target/folder', join('/target/folder', ...parts));
        expect(inside).toBe(parts.join('/'));
        expect(parts.length === 1 || Buffer.byteLength(inside) <= limits.room).toBe(true);
        for (const part of parts) {
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
          expect(part).not.toMatch(/^\.{0,2}$|[/\\\0]|[. ]$|^[A-Za-z]:/);
          expect(part.isWellFormed()).toBe(true);
          expect([...part].some((one) => isUnsafeCharacter(one.codePointAt(0)!))).toBe(false);
          expect(part).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)/i);
          if (limits.windows) expect(part).not.toMatch(/[<>:"|?*]/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('what is safe stays as it is', () => {
    fc.assert(
      fc.property(text, rules, (path, limits) => {
        const once = safePath(path, limits);
        expect(safePath(once.join('/'), limits)).toEqual(once);
      }),
      { numRuns: 1000 },
    );
  });
});
