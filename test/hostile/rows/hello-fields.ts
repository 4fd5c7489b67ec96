import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { capabilities, FORMS, type Form, type HelloMaker, type HelloParts } from '../hello.ts';
import { CLOSE, type Must, type Row, type RowWorld, SERVE, type Stage } from '../row.ts';

const now = () => Math.floor(Date.now() / 1000);
const keysOf = (maker: HelloMaker) => FORMS[maker.form].keys;

/** An honest hello, in the place of the first or third message, but for some fields; signed over what it says. */
function changed(
  stage: Stage,
  name: string,
  changes: (world: RowWorld) => Partial<HelloParts>,
  must: Must = CLOSE,
  forms?: readonly Form[],
): Row {
  return {
    stage,
    name,
    ...(forms && { forms }),
    octets: (world) => world.maker.frame(stage === 'ack' ? world.serverNonce : null, changes(world)),
    must,
  };
}

const ID_FIELDS = ['node_pubkey', 'nonce', 'ephemeral_pubkey'] as const;
const WRONG_IDS: readonly (readonly [string, Uint8Array])[] = [
  ['31 octets', b.ints(randomBytes(31))],
  ['33 octets', b.ints(randomBytes(33))],
  ['integers of 256', b.array(...Array.from({ length: 32 }, () => b.uint(256)))],
  ['negative integers', b.array(...Array.from({ length: 32 }, () => b.negative(0)))],
  ['floats', b.array(...Array.from({ length: 32 }, () => b.NAN_64))],
  ['text', b.text('a'.repeat(32))],
  ['null', b.NULL],
  ['an array of 2^32 items', b.longHead(4, 0xffff_ffff, 4)],
];

const fieldRows = (stage: 'hello' | 'ack'): Row[] => [
  ...ID_FIELDS.flatMap((field) =>
    WRONG_IDS.map(([what, item]) => changed(stage, `${field} as ${what}`, () => ({ [field]: item }))),
  ),
  changed(stage, 'the clock 301 s behind', () => ({ timestamp_unix_secs: b.uint(now() - 302) })),
  changed(stage, 'the clock 302 s ahead', () => ({ timestamp_unix_secs: b.uint(now() + 303) })),
  changed(stage, 'the clock at 0', () => ({ timestamp_unix_secs: b.uint(0) })),
  changed(stage, 'the clock at 2^64 - 1', () => ({ timestamp_unix_secs: b.uint(b.U64_MAX) })),
  changed(stage, 'the clock negative', () => ({ timestamp_unix_secs: b.negative(now()) })),
  changed(stage, 'the clock not a number', () => ({ timestamp_unix_secs: b.NAN_64 })),
  changed(stage, 'the version negative', () => ({ protocol_version: b.negative(1) })),
  changed(stage, 'the version 65536', () => ({ protocol_version: b.uint(65_536) })),
  changed(stage, 'the version 0', () => ({ protocol_version: b.uint(0) })),
  changed(stage, 'four capabilities', () => ({ capabilities: capabilities(4) })),
  changed(stage, 'no capabilities', () => ({ capabilities: b.map() })),
  changed(stage, 'a capability of 1', () => ({ capabilities: b.textMap(['dht', b.uint(1)]) })),
  changed(stage, 'capabilities as an array', () => ({ capabilities: b.array(b.TRUE, b.FALSE) })),
  changed(stage, 'a ninth capability inside the signature', ({ maker }) => ({
    capabilities: b.join(
      b.head(5, keysOf(maker) + 1),
      capabilities(keysOf(maker)).subarray(1),
      b.text('x'),
      b.TRUE,
    ),
  })),
  changed(stage, 'a capability doubled', ({ maker }) => ({
    capabilities: b.join(
      b.head(5, keysOf(maker) + 1),
      capabilities(keysOf(maker)).subarray(1),
      b.text('dht'),
      b.TRUE,
    ),
  })),
  changed(stage, 'an ephemeral key of zeros', () => ({ ephemeral_pubkey: b.ints(Buffer.alloc(32)) })),
  changed(stage, 'a node key that is no point', () => ({ node_pubkey: b.ints(Buffer.alloc(32, 0xff)) })),
  changed(stage, 'a node key of small order', () => ({
    node_pubkey: b.ints(b.join(b.raw(1), Buffer.alloc(31))),
  })),
  changed(stage, 'the key of the node itself', ({ nodeKey }) => ({ node_pubkey: b.ints(nodeKey) })),
];

/** Hellos whose fields are not what they should be. */
export const helloFields: readonly Row[] = [
  ...fieldRows('hello'),
  ...fieldRows('ack'),
  changed('hello', 'an echo where none may be', () => ({ echoed_nonce: b.ints(randomBytes(32)) })),
  changed('hello', 'version 3', () => ({ protocol_version: b.uint(3) }), { do: 'hello-and-close' }, ['v2']),
  changed('hello', 'version 65535', () => ({ protocol_version: b.uint(65_535) }), { do: 'hello-and-close' }, [
    'v2',
  ]),
  changed(
    'hello',
    'version 2 with five capabilities',
    () => ({ protocol_version: b.uint(2), capabilities: capabilities(5) }),
    CLOSE,
    ['v1'],
  ),
  changed('ack', 'no echo', () => ({ echoed_nonce: b.NULL })),
  changed('ack', 'another echo', () => ({ echoed_nonce: b.ints(randomBytes(32)) })),
  changed('ack', 'our own nonce as echo', ({ maker }) => ({ echoed_nonce: b.ints(maker.nonce) })),
  changed('ack', 'another nonce than in the hello', () => ({ nonce: b.ints(randomBytes(32)) })),
  changed('ack', 'another ephemeral key than in the hello', () => ({
    ephemeral_pubkey: b.ints(randomBytes(32)),
  })),
  changed('ack', 'more capabilities than in the hello', ({ maker }) => ({
    capabilities: b.join(
      b.head(5, keysOf(maker)),
      b.text('dht'),
      b.TRUE,
      capabilities(keysOf(maker)).subarray(6),
    ),
  })),
  changed('ack', 'another version than in the hello', ({ maker }) => ({
    protocol_version: b.uint(maker.form === 'v2' ? 1 : 2),
  })),
  changed('ack', 'an honest one', () => ({}), SERVE, ['v1', 'v1.8', 'v2']),
];
