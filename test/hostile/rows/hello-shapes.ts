import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { HelloMaker, keyPair } from '../hello.ts';
import { CLOSE, type Must, type Row, type RowWorld, SERVE, WAIT } from '../row.ts';

type Entry = readonly [string, Uint8Array];

/** The honest entries of the first hello, put into another shape. */
const shaped = (
  name: string,
  shape: (entries: Entry[], world: RowWorld) => Uint8Array,
  must: Must = CLOSE,
  end = false,
): Row => ({
  stage: 'hello',
  name,
  octets: (world) => shape(world.maker.entries(world.maker.parts(null)), world),
  must,
  end,
});

const without = (entries: Entry[], key: string) => entries.filter(([name]) => name !== key);
const body = (entries: Entry[]) => b.textMap(...entries);
const nested = (depth: number, open: number) => b.join(Buffer.alloc(depth, open), b.raw(0));
const signature =
  (item: (made: Buffer) => Uint8Array) =>
  (entries: Entry[], { maker }: RowWorld) =>
    b.frame(
      body([...without(entries, 'signature'), ['signature', item(maker.signature(maker.parts(null)))]]),
    );

const FIELDS = [
  'node_pubkey',
  'capabilities',
  'nonce',
  'timestamp_unix_secs',
  'protocol_version',
  'ephemeral_pubkey',
  'signature',
];

/** Hellos in shapes that no encoder of the network makes. */
export const helloShapes: readonly Row[] = [
  ...FIELDS.map((key) => shaped(`no ${key}`, (entries) => b.frame(body(without(entries, key))))),
  ...FIELDS.map((key) =>
    shaped(`${key} doubled`, (entries) =>
      b.frame(body([...entries, entries.find(([name]) => name === key)!])),
    ),
  ),
  shaped('a signature of another key', (_, { maker }) =>
    b.frame(
      body(
        maker.entries(
          maker.parts(null),
          b.ints(new HelloMaker(maker.form, keyPair()).signature(maker.parts(null))),
        ),
      ),
    ),
  ),
  shaped(
    'a signature of zeros',
    signature(() => b.ints(Buffer.alloc(64))),
  ),
  shaped(
    'a signature of noise',
    signature(() => b.ints(randomBytes(64))),
  ),
  shaped(
    'a signature of 63 octets',
    signature((made) => b.ints(made.subarray(1))),
  ),
  shaped(
    'a signature of 65 octets',
    signature((made) => b.ints(b.join(made, b.raw(0)))),
  ),
  shaped(
    'no octet of signature',
    signature(() => b.array()),
  ),
  shaped(
    'a signature of 60000 octets',
    signature(() => b.bytes(randomBytes(60_000))),
  ),
  shaped(
    'a signature beyond the order',
    signature((made) => b.ints(b.join(made.subarray(0, 32), Buffer.alloc(32, 0xff)))),
  ),
  shaped('a hello of another connection again', (_, { usedHello }) => usedHello),
  shaped('the hello twice', (_, { maker }) => b.join(maker.frame(null), maker.frame(null)), {
    do: 'hello-and-close',
  }),
  shaped('an array', (entries) => b.frame(b.array(...entries.map(([, item]) => item)))),
  shaped('numbered keys', (entries) =>
    b.frame(b.map(...entries.map(([, item], i) => [b.uint(i), item] as const))),
  ),
  shaped('a key that is a number', (entries) =>
    b.frame(b.join(b.head(5, entries.length + 1), body(entries).subarray(1), b.uint(9), b.uint(9))),
  ),
  shaped('a key that is no UTF-8', (entries) =>
    b.frame(b.join(b.head(5, entries.length + 1), body(entries).subarray(1), b.hex('63c3c3c3'), b.uint(9))),
  ),
  shaped('a key of 5000 octets', (entries) => b.frame(body([['k'.repeat(5_000), b.NULL], ...entries]))),
  shaped('300 arrays inside each other', (entries) => b.frame(body([['x', nested(300, 0x81)], ...entries]))),
  shaped('60000 arrays inside each other', () => b.frame(nested(60_000, 0x81))),
  shaped('60000 maps inside each other', () => b.frame(nested(60_000, 0xa1))),
  shaped('60000 tags in front', () => b.frame(nested(60_000, 0xc1))),
  shaped('60000 strings without length inside each other', () => b.frame(nested(60_000, 0x7f))),
  shaped('a map of 2^64 - 1 entries', () => b.frame(b.longHead(5, b.U64_MAX, 8))),
  shaped('an array of 2^32 - 1 items', () => b.frame(b.longHead(4, 0xffff_ffff, 4))),
  shaped('a text of 2^63 octets', () => b.frame(b.longHead(3, 2n ** 63n, 8))),
  shaped('a reserved head', () => b.frame(b.raw(0xbc))),
  shaped('nothing but a break', () => b.frame(b.BREAK)),
  shaped('a map without length and without end', (entries) =>
    b.frame(b.join(b.raw(0xbf), body(entries).subarray(1))),
  ),
  shaped('cut in the middle', (entries) => b.frame(body(entries).subarray(0, 200))),
  shaped('an empty frame', () => b.frame(Buffer.alloc(0))),
  shaped('a frame of 65537 octets', () => b.frame(Buffer.alloc(0), 65_537)),
  shaped('a frame of 2^32 - 1 octets', () => b.frame(Buffer.alloc(0), 0xffff_ffff)),
  shaped('noise', () => b.frame(randomBytes(1_000))),
  shaped('an HTTP request', () => Buffer.from('POST / HTTP/1.1\r\n\r\n')),
  shaped('a request before any hello', () => b.request(400, 1)),
  shaped('half a frame, and an end', (entries) => b.frame(body(entries)).subarray(0, 300), CLOSE, true),
  shaped('half a frame, and silence', (entries) => b.frame(body(entries)).subarray(0, 300), WAIT),
  shaped('a length, and silence', () => b.frame(Buffer.alloc(0), 500), WAIT),
  shaped('nothing, and an end', () => Buffer.alloc(0), CLOSE, true),
  shaped('nothing, and silence', () => Buffer.alloc(0), WAIT),
  {
    stage: 'ack',
    name: 'a request in the place of the ack',
    octets: () => b.request(400, 1),
    must: CLOSE,
  },
  {
    stage: 'ack',
    name: 'the hello again in the place of the ack',
    octets: ({ maker }) => maker.frame(null),
    must: CLOSE,
  },
  { stage: 'ack', name: 'no ack, and silence', octets: () => Buffer.alloc(0), must: WAIT },
  {
    stage: 'ack',
    name: 'ids as byte strings, and another order',
    octets: ({ maker, serverNonce }) => {
      const parts = maker.parts(serverNonce);
      const entries = maker.entries(parts).map(([key, item]): Entry => [key, item]);
      const free: Record<string, Uint8Array> = { nonce: maker.nonce, node_pubkey: maker.key.public };
      return b.frame(
        body(entries.reverse().map(([key, item]) => [key, free[key] ? b.bytes(free[key]) : item])),
      );
    },
    must: SERVE,
  },
];
