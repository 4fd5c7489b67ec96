import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Codec, encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';
import { MESSAGES } from '../../../src/protocol/wire/registry.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const SIZE = 512 * 1024;
const BOUND = 64;
const ZEROS = new Uint8Array(32);

/** A message of about SIZE octets: `head`, then `item` over and over in an array without length, then `tail`. */
function filled(head: Uint8Array, item: Uint8Array, tail: readonly number[]): Uint8Array {
  const count = Math.floor(SIZE / item.length);
  const w = new Writer(SIZE * 2).raw(head).raw(Uint8Array.of(0x9f));
  for (let i = 0; i < count; i++) w.raw(item);
  return w.raw(Uint8Array.from([0xff, ...tail])).finish();
}

const octets = (write: (w: Writer) => unknown) => {
  const w = new Writer();
  write(w);
  return w.finish();
};

// The shortest items that are accepted: what is smallest on the wire has the worst ratio in memory.
const peer = octets((w) =>
  w
    .map(3)
    .text('ip')
    .map(1)
    .text('V4')
    .byteArray(ZEROS.subarray(0, 4))
    .text('port')
    .uint(0)
    .text('transport')
    .text('tcp'),
);
const nestedPeer = octets((w) => {
  const depth = 100;
  for (let i = 0; i < depth; i++) {
    w.map(4).text('ip').map(1).text('V4').byteArray(ZEROS.subarray(0, 4)).text('port').uint(0);
    w.text('transport').text('tcp').text('relay_via').map(2).text('slot_id').uint(0).text('relay_addr');
  }
  w.raw(peer);
});
const event = octets((w) =>
  w.map(3).text('type').text('member_left').uint(0).byteArray(ZEROS).uint(1).uint(0),
);
const member = octets((w) =>
  w
    .map(3)
    .text('member_node_pubkey')
    .byteArray(ZEROS)
    .text('status')
    .text('left')
    .text('announce_seq')
    .uint(0),
);
const share = octets((w) => {
  w.map(4).text('share_id').byteArray(ZEROS).text('share_pubkey').byteArray(ZEROS);
  w.text('latest_seq').uint(0).text('latest_manifest_id').byteArray(ZEROS);
});
const peersHead = octets((w) => w.map(1).text('peers'));
const page = (key: string) => octets((w) => w.map(2).text('community_id').byteArray(ZEROS).text(key));
const manifestHead = octets((w) => w.map(2).text('manifest_id').byteArray(ZEROS).text('bytes'));

const pieces = (initial: number, piece: readonly number[]) => {
  const count = Math.floor(SIZE / piece.length);
  return octets((w) => {
    w.raw(Uint8Array.of(initial));
    for (let i = 0; i < count; i++) w.raw(Uint8Array.from(piece));
    w.raw(Uint8Array.of(0xff));
  });
};

const cases: readonly [string, Codec<unknown>, Uint8Array][] = [
  ['addresses', MESSAGES[100].request as Codec<unknown>, filled(peersHead, peer, [])],
  ['addresses in addresses', MESSAGES[100].request as Codec<unknown>, filled(peersHead, nestedPeer, [])],
  ['events', MESSAGES[416].reply as Codec<unknown>, filled(page('events'), event, [])],
  ['members', MESSAGES[410].reply as Codec<unknown>, filled(page('entries'), member, [])],
  [
    'shares',
    MESSAGES[402].reply as Codec<unknown>,
    filled(
      octets((w) => w.map(1).text('shares')),
      share,
      [],
    ),
  ],
  [
    'hashes',
    MESSAGES[502].reply as Codec<unknown>,
    filled(
      octets((w) => w.map(2).uint(0).bytes(ZEROS).uint(1)),
      octets((w) => w.byteArray(ZEROS)),
      [],
    ),
  ],
  ['octets one by one', MESSAGES[400].reply as Codec<unknown>, filled(manifestHead, Uint8Array.of(0), [])],
  [
    'empty pieces of octets',
    MESSAGES[400].reply as Codec<unknown>,
    octets((w) => w.raw(manifestHead).raw(pieces(0x5f, [0x40]))),
  ],
  [
    'short pieces of text',
    MESSAGES[404].reply as Codec<unknown>,
    octets((w) => {
      w.map(3).text('community_share_id').byteArray(ZEROS).text('joined').bool(true).text('name');
      w.raw(pieces(0x7f, [0x61, 0x61]));
    }),
  ],
  [
    'unknown things',
    MESSAGES[100].request as Codec<unknown>,
    octets((w) =>
      w
        .map(2)
        .text('peers')
        .array(0)
        .text('more')
        .raw(pieces(0x9f, [0x81, 0xa1, 0x60, 0x80])),
    ),
  ],
];

/** Where a result is kept while it is measured: a variable of a function might be forgotten too early, or too late. */
const kept: unknown[] = [];

function used(): number {
  // The second collection also returns what the first one found to be unused outside the heap.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Octets that stay in use while `read`'s result is kept. */
function held(read: () => unknown): number {
  const before = used();
  kept.push(read());
  const after = used();
  kept.length = 0;
  return after - before;
}

describe('a decoded message holds at most 64 times its octets', () => {
  test.each(cases)('%s', (_, codec, input) => {
    const ratio = held(() => codec.read(new Reader(input))) / input.length;
    expect(ratio).toBeLessThan(BOUND);
  });
});

test.each([0x9b, 0xbb, 0x5b, 0x7b])('announced lengths take no memory: 0x%s', (initial) => {
  // Room for 2^40 octets cannot be had: whoever asks for it gets another error than the one of decoders.
  const announced = Uint8Array.of(initial, 0, 0, 1, 0, 0, 0, 0, 0);
  const message = octets((w) => w.raw(manifestHead).raw(announced));
  expect(() => MESSAGES[400].reply.read(new Reader(message))).toThrow(DecodeError);
  expect(() => new Reader(announced).skip()).toThrow(DecodeError);
});

test('encoding does not outgrow its result by more than its buffer', () => {
  const w = encodeWith(MESSAGES[400].reply, { manifestId: ZEROS, bytes: new Uint8Array(1_000_000) });
  expect(w.buffer.byteLength).toBeLessThan(3_000_000);
});
