import { posix, win32 } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { refusedName } from '../../../src/actors/publish/item-name.ts';
import { formatCursor, parseCursor } from '../../../src/actors/search/cursor.ts';
import { indexTerms, MAX_ITEM_TERMS, MAX_TERM_LENGTH } from '../../../src/actors/search/normalise.ts';
import { parseQuery } from '../../../src/actors/search/query.ts';
import { snippetOf } from '../../../src/actors/search/snippet.ts';
import { cutName } from '../../../src/actors/transfer/cut-name.ts';
import { DistinctPlaces } from '../../../src/actors/transfer/distinct-places.ts';
import { matchesGlob } from '../../../src/actors/transfer/glob.ts';
import { safePart, safePath } from '../../../src/actors/transfer/safe-path.ts';
import { printable } from '../../../src/cli/printable.ts';
import { shellWord } from '../../../src/cli/shell-word.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { HOSTILE_NAMES } from '../../hostile/provider/names.ts';
import { must, orDeclared, type Target, textOf, utf8 } from '../target.ts';

/** Control, bidirectional and invisible characters, and halves of pairs. */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/u;
const names = () => HOSTILE_NAMES.map(utf8);
const ROOM = 1_000;

export const sanitisers: readonly Target[] = [
  {
    name: 'safe-path',
    covers: [
      'actors/transfer/safe-path.ts safePath',
      'actors/transfer/safe-path.ts safePart',
      'actors/transfer/cut-name.ts cutName',
    ],
    form: 'text',
    seeds: names,
    run(input) {
      const text = textOf(input);
      for (const windows of [false, true]) {
        const parts = safePath(text, { room: ROOM, windows });
        for (const part of [...parts, safePart(text, windows)]) checkPart(part, windows);
        must(posix.join('/t', ...parts).startsWith('/t/'), 'it leaves the folder');
        must(win32.join('C:\\t', ...parts).startsWith('C:\\t\\'), 'it leaves the folder on Windows');
        must(
          safePath(parts.join('/'), { room: ROOM, windows }).join('/') === parts.join('/'),
          'made safe twice it is another',
        );
        checkPart(cutName(parts.at(-1)!, ' (10000)'), windows);
      }
    },
  },
  {
    name: 'distinct-places',
    covers: ['actors/transfer/distinct-places.ts DistinctPlaces'],
    form: 'text',
    longest: 4_096,
    seeds: () => [utf8(HOSTILE_NAMES.join('\n')), utf8('a\nA\na/b\nA/B\na (2)\na'), utf8('é\ne\u0301\nÉ')],
    run(input) {
      const paths = textOf(input)
        .split('\n', 200)
        .map((text) => safePath(text, { room: ROOM, windows: false }));
      const places = new DistinctPlaces();
      for (const path of paths) places.addFolders(path);
      const taken = paths.map((path) => places.place(path).join('/').normalize('NFD').toLowerCase());
      must(new Set(taken).size === taken.length, 'two files in one place');
    },
  },
  {
    name: 'printable',
    covers: ['cli/printable.ts printable', 'cli/shell-word.ts shellWord'],
    form: 'text',
    seeds: names,
    run(input) {
      const text = textOf(input);
      const shown = printable(text);
      must(!UNSAFE.test(shown), `it shows ${JSON.stringify(shown)}`);
      must(printable(shown) === shown, 'shown twice it is another');
      const word = shellWord(text);
      must(/^[\w@%+=:,./-]+$/.test(word) || /^'(?:[^']|'\\'')*'$/s.test(word), 'a shell takes it apart');
    },
  },
  {
    name: 'glob',
    covers: ['actors/transfer/glob.ts matchesGlob'],
    form: 'text',
    longest: 600,
    seeds: () =>
      ['*.mkv\na/b.mkv', '**/x\na/b/x', 'a?c\nabc', `${'*a'.repeat(40)}\n${'a'.repeat(200)}`].map(utf8),
    run(input) {
      const [pattern = '', ...rest] = textOf(input).split('\n');
      matchesGlob(rest.join('\n'), pattern);
    },
  },
  {
    name: 'search-cursor',
    covers: ['actors/search/cursor.ts parseCursor'],
    form: 'text',
    seeds: () =>
      [null, { text: 'blue train', corrected: [{ typed: 'blu', meant: 'blue' }] }].map((meant) =>
        utf8(
          formatCursor({ place: { score: 12.5, tier: 'exact', shareId: 'ab'.repeat(32), nth: 3 }, meant }),
        ),
      ),
    run(input) {
      // Also what is written as a cursor is, of any text.
      for (const text of [textOf(input), Buffer.from(input).toString('base64url')]) {
        const cursor = orDeclared(ActorError, () => parseCursor(text));
        if (cursor === null) continue;
        must(cursor.place.nth >= 0 && Number.isFinite(cursor.place.score), 'a place that is none');
        must(isDeepStrictEqual(parseCursor(formatCursor(cursor)), cursor), 'another one when written again');
      }
    },
  },
  {
    name: 'search-text',
    covers: ['actors/search/query.ts parseQuery', 'actors/search/snippet.ts snippetOf'],
    form: 'text',
    seeds: () => [
      ...names(),
      ...['Der Herr der Ringe [2001]', '漢字かな交じり文', 'ﬀİß ς Σ', 'a b c d e f'].map(utf8),
    ],
    run(input) {
      const text = textOf(input);
      parseQuery(text);
      const terms = indexTerms(text, MAX_ITEM_TERMS);
      must(terms.size <= MAX_ITEM_TERMS, 'too many terms');
      for (const term of terms) must(term.length <= MAX_TERM_LENGTH, 'a long term');
      const snippet = snippetOf(text.toWellFormed(), [...terms].slice(0, 8), null);
      must(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(snippet), `it shows ${JSON.stringify(snippet)}`);
      // The marks are ours alone, and in pairs.
      must(
        /^[^[\]]*(?:\[[^[\]]+\][^[\]]*)*$/s.test(snippet),
        `marks that are none: ${JSON.stringify(snippet)}`,
      );
    },
  },
  {
    name: 'item-name',
    covers: ['actors/publish/item-name.ts refusedName'],
    form: 'text',
    seeds: names,
    run: (input) => void refusedName(input, 'a/b'),
  },
];

function checkPart(part: string, windows: boolean): void {
  must(part !== '' && part !== '.' && part !== '..', `a part ${JSON.stringify(part)}`);
  must(!/[/\\]/.test(part) && !UNSAFE.test(part), `a part ${JSON.stringify(part)}`);
  must(Buffer.byteLength(part) <= 255, `a part of ${Buffer.byteLength(part)} octets`);
  must(!/[. ]$/.test(part), `a part that Windows shortens: ${JSON.stringify(part)}`);
  must(!/^[A-Za-z]:/.test(part), `a part with a drive: ${part}`);
  must(!/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(part), `a device: ${part}`);
  if (windows) must(!/[<>:"|?*]/.test(part), `a part Windows does not take: ${part}`);
}
