import type { Random } from '../../src/supervisor/testing/random.ts';

const PIECES: readonly string[] = [
  ...[
    '/',
    '..',
    '../',
    '\\',
    ':',
    '.',
    ' ',
    '\0',
    '\n',
    '\r\n',
    '\t',
    '"',
    "'",
    '=',
    '[',
    ']',
    '{',
    '}',
    ',',
    '#',
    '@',
    '%',
    '?',
    '*',
    '**',
    '&',
  ],
  ...[
    '\u001b[2J',
    '\u009b',
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u00ad',
    '\ud83d\ude00',
    '\u0301',
    'İ',
    'ß',
    'ﬀ',
    '漢字',
    'ก',
    'ς',
    '\u{e0041}',
    '\ufffd',
  ],
  ...[
    'CON',
    'nul.',
    'COM1',
    'tcp://',
    'quic://',
    'scp2p://s/',
    '?bp=',
    '%2C',
    '%252C',
    '%',
    '%E0%A4',
    '[::1]',
    '0.0.0.0',
    '127.1',
    '::ffff:1.2.3.4',
    'fe80::1%eth0',
    ':65536',
    ':00080',
  ],
  ...[
    '-1',
    '1e309',
    'NaN',
    '0x10',
    '9007199254740993',
    '1979-05-27',
    '"""',
    "'''",
    '[[',
    'true',
    '__proto__',
    'constructor',
    '\\u{110000}',
    '\\uD800',
  ],
];

/** One change as people, or those who wish them ill, make it in texts. */
export function mutateText(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const text = [...Buffer.from(input).toString('utf8')];
  const at = random.integer(0, text.length);
  const length = 1 + Math.floor(random.next() ** 3 * (text.length - at));
  switch (random.integer(0, 6)) {
    case 0:
      text.splice(at, length);
      break;
    case 1:
      text.splice(at, 0, ...text.slice(at, at + length));
      break;
    case 2: {
      const other = [...Buffer.from(others.length > 0 ? random.pick(others) : input).toString('utf8')];
      const from = random.integer(0, other.length);
      text.splice(at, 0, ...other.slice(from, from + random.integer(1, 40)));
      break;
    }
    case 3:
      text.splice(at, 0, ...random.pick(PIECES).repeat(2 ** random.integer(0, 11)));
      break;
    case 4:
      text.splice(at, 1, String.fromCodePoint(random.integer(0, 0xd7ff)));
      break;
    case 5:
      text.splice(
        at,
        length,
        ...text
          .slice(at, at + length)
          .map((character) => (random.chance(0.5) ? character.toUpperCase() : character.toLowerCase())),
      );
      break;
    default:
      text.splice(at, random.chance(0.5) ? 1 : 0, ...random.pick(PIECES));
  }
  return Buffer.from(text.join(''));
}
