import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { MESSAGES, type Message } from '../messages.ts';
import { ANSWER, type Must, type Row, type RowWorld, refuse } from '../row.ts';

type Entry = readonly [Uint8Array, Uint8Array];

/** Texts that the decoder of the reference has for what it cannot read (SCP2P wire, section 7). */
const UNREADABLE = refuse(/^(Semantic\(None|Io\(Error)/);

function entriesOf({ fields, numbered }: Message): Entry[] {
  return fields.map(([key, item], index) => [numbered ? b.uint(index) : b.text(key), item]);
}

function rowsOf(message: Message): Row[] {
  const { type, name, numbered, required } = message;
  const entries = entriesOf(message);
  const whole = b.map(...entries);
  const first = entries[0]![0];
  const rest = entries.slice(1);
  const nested = (depth: number) => b.join(Buffer.alloc(depth, 0x81), b.raw(0));
  /** The rule of the dialect decides first: what it does not know it does not look into. */
  const rows = (what: string, payload: Uint8Array, must: Must): Row[] => {
    const row = (forms: Row['forms'], it: Must): Row => ({
      stage: 'session',
      name: `${name}: ${what}`,
      ...(forms && { forms }),
      octets: () => b.request(type, 9, payload),
      must: it,
    });
    if (!message.late) return [row(undefined, must)];
    return [row(['v2', 'v1.8'], must), row(['v1'], refuse(/^unknown message type/))];
  };
  const wrong = (what: string, item: Uint8Array) => rows(what, b.map([first, item], ...rest), UNREADABLE);
  return [
    ...rows('as it should be', whole, message.must),
    ...rows('surplus octets behind', b.join(whole, randomBytes(100)), message.must),
    ...rows('a map without length', b.join(b.raw(0xbf), ...entries.flat(), b.BREAK), message.must),
    ...rows('unknown text key', b.map([b.text('x'), b.NAN_64], ...entries), message.must),
    ...rows(
      'unknown number as key',
      b.map([b.uint(99), b.NULL], ...entries),
      numbered ? message.must : UNREADABLE,
    ),
    ...rows('first field doubled', b.map(...entries, entries[0]!), numbered ? message.must : UNREADABLE),
    ...rows('no octet', Buffer.alloc(0), UNREADABLE),
    ...rows('cut in the middle', whole.subarray(0, whole.length >> 1), UNREADABLE),
    ...rows('the last octet missing', whole.subarray(0, -1), UNREADABLE),
    ...rows('a map without end', b.join(b.raw(0xbf), ...entries.flat()), UNREADABLE),
    ...rows('an array', b.array(...entries.map(([, item]) => item)), UNREADABLE),
    ...rows('a break', b.BREAK, UNREADABLE),
    ...rows('a map of 2^64 - 1 entries', b.join(b.longHead(5, b.U64_MAX, 8), whole.subarray(1)), UNREADABLE),
    ...rows('300 arrays inside each other', b.map([b.text('x'), nested(300)], ...entries), UNREADABLE),
    ...(required > 0 ? rows('first field missing', b.map(...rest), UNREADABLE) : []),
    ...wrong('first field not a number', b.NAN_64),
    ...wrong('first field a negative number', b.negative(b.U64_MAX)),
    ...wrong('first field a text that is no UTF-8', b.hex('64c328c328')),
    ...wrong('first field an array of 2^32 - 1 items', b.longHead(4, 2 ** 32 - 1, 4)),
    ...wrong('first field of 2^63 octets', b.longHead(2, 2n ** 63n, 8)),
    ...wrong('first field 16000 arrays inside each other', nested(15_000)),
  ];
}

const asked = (
  name: string,
  type: number,
  payload: (world: RowWorld) => Uint8Array,
  must: Must,
  forms?: Row['forms'],
): Row => ({
  stage: 'session',
  name,
  ...(forms && { forms }),
  octets: (world) => b.request(type, 3, payload(world)),
  must,
});
const chunk = ({ contentId }: RowWorld, index: Uint8Array) =>
  b.map([b.uint(0), b.bytes(contentId)], [b.uint(1), index]);

const NO_KEYSPACE = refuse(/does not match any recognized keyspace$/);
const stored = (name: string, value: Uint8Array, must: Must): Row =>
  asked(
    name,
    202,
    () => b.map([b.uint(0), b.bytes(randomBytes(32))], [b.uint(1), b.bytes(value)], [b.uint(2), b.uint(60)]),
    must,
  );

/** Requests that are read, and should not be served as they would like. */
const values: readonly Row[] = [
  asked(
    'GET_CHUNK: beyond the end of a file',
    500,
    (world) => chunk(world, b.uint(world.chunks)),
    refuse(/^chunk not found$/),
  ),
  asked(
    'GET_CHUNK: the last index there is, of a file',
    500,
    (world) => chunk(world, b.uint(2 ** 32 - 1)),
    refuse(/^chunk not found$/),
  ),
  asked('GET_CHUNK: index 2^32', 500, (world) => chunk(world, b.uint(2 ** 32)), UNREADABLE),
  asked('GET_CHUNK: index 2^64 - 1', 500, (world) => chunk(world, b.uint(b.U64_MAX)), UNREADABLE),
  asked('GET_CHUNK: index -1', 500, (world) => chunk(world, b.negative(0)), UNREADABLE),
  asked('GET_CHUNK: index half', 500, (world) => chunk(world, b.ONE_AND_A_HALF), UNREADABLE),
  asked(
    'GET_CHUNK: an id of 31 octets',
    500,
    ({ contentId }) => b.map([b.uint(0), b.bytes(contentId.subarray(1))], [b.uint(1), b.uint(0)]),
    UNREADABLE,
  ),
  asked(
    'GET_CHUNK: an id as integers',
    500,
    ({ contentId }) => b.map([b.uint(0), b.ints(contentId)], [b.uint(1), b.uint(0)]),
    UNREADABLE,
  ),
  asked(
    'GET_CHUNK: a second id behind the first',
    500,
    (world) =>
      b.map(
        [b.uint(0), b.bytes(world.contentId)],
        [b.uint(1), b.uint(0)],
        [b.uint(0), b.bytes(randomBytes(32))],
      ),
    ANSWER,
  ),
  asked(
    'GET_MANIFEST: an id of 33 octets as bytes',
    400,
    ({ manifestId }) => b.textMap(['manifest_id', b.bytes(b.join(manifestId, b.raw(0)))]),
    ANSWER,
  ),
  asked(
    'GET_MANIFEST: an id of 31 octets',
    400,
    ({ manifestId }) => b.textMap(['manifest_id', b.bytes(manifestId.subarray(1))]),
    UNREADABLE,
  ),
  stored('STORE: nothing at all', b.raw(), NO_KEYSPACE),
  stored('STORE: a value of 65537 octets', randomBytes(65_537), refuse(/too-large$/)),
  stored('STORE: a value of 100000 octets', randomBytes(100_000), refuse(/exceeds max size$/)),
  stored(
    'STORE: sixty thousand arrays inside each other',
    b.join(...Array<Uint8Array>(60_000).fill(b.raw(0x81))),
    NO_KEYSPACE,
  ),
  stored(
    'STORE: a map of a million entries that are not there',
    b.raw(0xba, 0, 0x0f, 0x42, 0x40),
    NO_KEYSPACE,
  ),
  stored(
    'STORE: providers of another content',
    b.textMap(['content_id', b.ints(randomBytes(32))], ['providers', b.array()], ['updated_at', b.uint(1)]),
    NO_KEYSPACE,
  ),
  asked('LIST_PUBLIC_SHARES: none', 402, () => b.textMap(['max_entries', b.uint(0)]), ANSWER),
  asked('LIST_PUBLIC_SHARES: 65536', 402, () => b.textMap(['max_entries', b.uint(65_536)]), UNREADABLE),
  asked(
    'GET_COMMUNITY_STATUS: a key that is not the id’s',
    404,
    () =>
      b.textMap(
        ['community_share_id', b.ints(randomBytes(32))],
        ['community_share_pubkey', b.ints(randomBytes(32))],
      ),
    refuse(/./),
  ),
  asked(
    'PEX_OFFER: 150 invented peers',
    100,
    () =>
      b.textMap([
        'peers',
        b.array(
          ...Array.from({ length: 150 }, (_, i) =>
            b.textMap(
              ['ip', b.textMap(['V6', b.ints(randomBytes(16))])],
              ['port', b.uint(i)],
              ['transport', b.text('tcp')],
            ),
          ),
        ),
      ]),
    ANSWER,
  ),
  asked(
    'PEX_OFFER: relays behind relays',
    100,
    () => b.textMap(['peers', b.array(relayed(200))]),
    refuse(/Semantic/),
  ),
  asked(
    'PEX_OFFER: an address of five octets',
    100,
    () =>
      b.textMap([
        'peers',
        b.array(
          b.textMap(
            ['ip', b.textMap(['V4', b.ints(randomBytes(3))])],
            ['port', b.uint(1)],
            ['transport', b.text('tcp')],
          ),
        ),
      ]),
    UNREADABLE,
  ),
  asked(
    'SEARCH_COMMUNITY_SHARES: 15 KB of a letter that grows',
    414,
    () =>
      b.textMap(
        ['community_id', b.ints(randomBytes(32))],
        ['query', b.text('İ'.repeat(7_000))],
        ['limit', b.uint(50)],
      ),
    ANSWER,
    ['v2'],
  ),
  asked(
    'LIST_COMMUNITY_EVENTS: a cursor of 15000 digits',
    416,
    () =>
      b.textMap(
        ['community_id', b.ints(randomBytes(32))],
        ['limit', b.uint(10)],
        ['since_cursor', b.text('9'.repeat(15_000))],
      ),
    ANSWER,
    ['v2'],
  ),
  asked(
    'LIST_COMMUNITY_SHARES_PAGE: since 2^64 - 1',
    412,
    () =>
      b.textMap(
        ['community_id', b.ints(randomBytes(32))],
        ['limit', b.uint(65_535)],
        ['since_unix', b.uint(b.U64_MAX)],
      ),
    ANSWER,
    ['v2'],
  ),
];

function relayed(depth: number): Uint8Array {
  const inner = depth === 0 ? b.NULL : b.textMap(['relay_addr', relayed(depth - 1)], ['slot_id', b.uint(1)]);
  return b.textMap(
    ['ip', b.textMap(['V4', b.ints(b.raw(1, 2, 3, 4))])],
    ['port', b.uint(1)],
    ['transport', b.text('tcp')],
    ['relay_via', inner],
  );
}

/** Every message of the network with every wrong kind of payload. */
export const payloads: readonly Row[] = [...MESSAGES.flatMap(rowsOf), ...values];
