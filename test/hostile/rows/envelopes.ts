import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { ANSWER, CLOSE, type Must, type Row, refuse, WAIT } from '../row.ts';

const row = (
  name: string,
  octets: Row['octets'],
  must: Must = CLOSE,
  more: { end?: boolean; replies?: number } = {},
): Row => ({
  stage: 'session',
  name: `envelope: ${name}`,
  octets,
  must,
  ...more,
});

const list = b.textMap(['max_entries', b.uint(5)]);
/** A request that is answered in every dialect. */
const good: b.EnvelopeParts = { type: b.uint(402), payload: b.bytes(list) };
const fields = b.envelope(good).subarray(1);
const nested = (depth: number, open: number) => b.join(Buffer.alloc(depth, open), b.raw(0));
const withField = (key: Uint8Array, value: Uint8Array) => b.frame(b.join(b.head(5, 5), key, value, fields));
const entries: readonly (readonly [string, Uint8Array])[] = [
  ['type', b.uint(402)],
  ['req_id', b.uint(1)],
  ['flags', b.uint(0)],
  ['payload', b.bytes(list)],
];

const NUMBERS: readonly (readonly [string, Uint8Array])[] = [
  ['not a number', b.NAN_64],
  ['half of not a number', b.NAN_16],
  ['infinite', b.INFINITY_32],
  ['a float', b.ONE_AND_A_HALF],
  ['-1', b.negative(0)],
  ['-2^64', b.negative(b.U64_MAX)],
  ['2^64 - 1', b.uint(b.U64_MAX)],
  ['2^32', b.uint(2 ** 32)],
  ['a number of 9 octets', b.tag(2, b.bytes(Buffer.alloc(9, 0xff)))],
  ['a negative bignum', b.tag(3, b.bytes(b.raw(1)))],
  ['text', b.text('402')],
  ['null', b.NULL],
  ['undefined', b.UNDEFINED],
  ['true', b.TRUE],
  ['an array', b.array(b.uint(1))],
];
const NO_PAYLOADS: readonly (readonly [string, Uint8Array])[] = [
  ['text', b.text('hello')],
  ['null', b.NULL],
  ['a map', b.map()],
  ['a number', b.uint(7)],
  ['integers of 256', b.array(b.uint(256))],
  ['longer than the frame', b.longHead(2, 500, 4)],
  ['of 2^64 - 1 octets', b.longHead(2, b.U64_MAX, 8)],
  ['an array of 2^32 integers', b.longHead(4, 2 ** 32, 8)],
  ['pieces of text', b.join(b.raw(0x5f), b.text('a'), b.BREAK)],
  ['pieces without end', b.join(b.raw(0x5f), b.bytes(randomBytes(5)))],
];

/** Envelopes of every wrong kind, in a session. */
export const envelopes: readonly Row[] = [
  ...(['type', 'reqId', 'flags'] as const).flatMap((field) =>
    NUMBERS.map(([what, item]) =>
      row(`${field} is ${what}`, () => b.frame(b.envelope({ ...good, [field]: item }))),
    ),
  ),
  row('type is 65536', () => b.frame(b.envelope({ ...good, type: b.uint(65_536) }))),
  row('flags are 65536', () => b.frame(b.envelope({ ...good, flags: b.uint(65_536) }))),
  ...NO_PAYLOADS.map(([what, item]) =>
    row(`payload is ${what}`, () => b.frame(b.envelope({ ...good, payload: item }))),
  ),
  ...entries.map(([key]) =>
    row(`no ${key}`, () => b.frame(b.textMap(...entries.filter(([name]) => name !== key)))),
  ),
  ...entries.map((entry) => row(`${entry[0]} doubled`, () => b.frame(b.textMap(...entries, entry)))),
  row('an array', () => b.frame(b.array(...entries.map(([, item]) => item)))),
  row('numbered keys', () => b.frame(b.map(...entries.map(([, item], i) => [b.uint(i), item] as const)))),
  row('a number as a key', () => withField(b.uint(7), b.uint(7))),
  row('a key that is no UTF-8', () => withField(b.hex('62ff41'), b.uint(7))),
  row('a key of 5000 octets', () => withField(b.text('k'.repeat(5_000)), b.uint(7))),
  row('a key in pieces', () => withField(b.join(b.raw(0x7f), b.text('x'), b.BREAK), b.uint(7))),
  row('300 arrays inside each other', () => withField(b.text('x'), nested(300, 0x81))),
  row('60000 arrays inside each other', () => b.frame(nested(60_000, 0x81))),
  row('60000 tags inside each other', () => withField(b.text('x'), nested(60_000, 0xc1))),
  row('an array of 2^64 - 1 items, to be skipped', () => withField(b.text('x'), b.longHead(4, b.U64_MAX, 8))),
  row('text that is no UTF-8, to be skipped', () => withField(b.text('x'), b.hex('62c328'))),
  row('an unknown simple value', () => withField(b.text('x'), b.hex('f8ff'))),
  row('a reserved head', () => withField(b.text('x'), b.raw(0x1c))),
  row('a map of 2^64 - 1 entries', () => b.frame(b.longHead(5, b.U64_MAX, 8))),
  row('a map without end', () => b.frame(b.join(b.raw(0xbf), fields))),
  row('a break', () => b.frame(b.BREAK)),
  row('cut in the middle', () => b.frame(b.envelope(good).subarray(0, 20))),
  row('an empty frame', () => b.frame(Buffer.alloc(0))),
  row('noise', () => b.frame(b.join(b.raw(0xa4), randomBytes(500)))),
  row('a frame of 2 MiB and 1 octet', () => b.frame(Buffer.alloc(0), 2 ** 21 + 1)),
  row('a frame of 2^32 - 1 octets', () => b.frame(Buffer.alloc(0), 0xffff_ffff)),
  row('a payload of 1 MiB and 1 octet', () =>
    b.frame(b.envelope({ ...good, payload: b.bytes(Buffer.alloc(2 ** 20 + 1)) })),
  ),
  row('a payload of a MiB of integers', () =>
    b.frame(b.envelope({ ...good, payload: b.ints(Buffer.alloc(2 ** 20)) })),
  ),
  row('a MiB to be skipped', () => withField(b.text('x'), b.bytes(Buffer.alloc(2 ** 20)))),
  row('a hello in a session', ({ maker }) => maker.frame(null)),
  row('half a frame, and silence', () => b.request(402, 1, list).subarray(0, 20), WAIT),
  row('a length of 2 MiB, and silence', () => b.frame(Buffer.alloc(0), 2 ** 21), WAIT),
  row('half a frame, and an end', () => b.request(402, 1, list).subarray(0, 20), CLOSE, { end: true }),
  // What is odd and no offence.
  row(
    'a payload of exactly 1 MiB',
    () => b.request(402, 1, Buffer.alloc(2 ** 20)),
    refuse(/exceeds max size/),
  ),
  row(
    'a payload of 16 KiB and 1 octet',
    () => b.request(402, 1, Buffer.alloc(16_385)),
    refuse(/exceeds max size/),
  ),
  row('a payload of integers', () => b.frame(b.envelope({ ...good, payload: b.ints(list) })), ANSWER),
  row(
    'a payload in pieces',
    () =>
      b.frame(
        b.envelope({
          ...good,
          payload: b.join(b.raw(0x5f), b.bytes(list.subarray(0, 4)), b.bytes(list.subarray(4)), b.BREAK),
        }),
      ),
    ANSWER,
  ),
  row('an unknown key', () => withField(b.text('x'), b.array(b.NAN_64, b.NULL)), ANSWER),
  row('a map without length', () => b.frame(b.join(b.raw(0xbf), fields, b.BREAK)), ANSWER),
  row('tags in front', () => b.frame(b.tag(55_799, b.tag(24, b.envelope(good)))), ANSWER),
  row('surplus octets behind', () => b.frame(b.join(b.envelope(good), randomBytes(400))), ANSWER),
  row(
    'integers in their longest form',
    () =>
      b.frame(
        b.envelope({
          type: b.longHead(0, 402, 8),
          reqId: b.longHead(0, 1, 8),
          flags: b.longHead(0, 0, 8),
          payload: b.bytes(list),
        }),
      ),
    ANSWER,
  ),
  row('250 arrays inside each other', () => withField(b.text('x'), nested(250, 0x81)), ANSWER),
  row('a reply that nobody asked for', () => b.request(403, 77, Buffer.alloc(0), 1), refuse(/Io\(Error/)),
  row('an error that nobody asked for', () => b.request(402, 77, Buffer.from('no'), 3), refuse(/Semantic/)),
  row('every flag', () => b.request(402, 1, list, 0xffff), ANSWER),
  row('request 0', () => b.request(402, 0, list), ANSWER),
  row('request 2^32 - 1', () => b.request(402, 2 ** 32 - 1, list), ANSWER),
  row('the same number twice', () => b.join(b.request(402, 5, list), b.request(402, 5, list)), ANSWER, {
    replies: 2,
  }),
  row(
    'a hundred requests in one piece',
    () => Buffer.concat(Array(100).fill(b.request(402, 5, list))),
    ANSWER,
    { replies: 100 },
  ),
  ...[0, 1, 99, 408, 409, 418, 454, 504, 65_535].map((type) =>
    row(`type ${type}`, () => b.request(type, 1, list), refuse(new RegExp(`^unknown message type ${type}$`))),
  ),
];
