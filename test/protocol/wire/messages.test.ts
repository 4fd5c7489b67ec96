import { encode as encodeBuffer } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Codec, encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { capabilitiesOf } from '../../../src/protocol/wire/capabilities.ts';
import { chunkHashList } from '../../../src/protocol/wire/content.ts';
import { store } from '../../../src/protocol/wire/dht.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import { MESSAGES, type MessageSpec } from '../../../src/protocol/wire/registry.ts';
import { capabilities, providers, REQUEST_TYPES, replies, requests } from './arbitraries.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

/** The independent encoder, whose result is sometimes a Buffer, which no Uint8Array equals. */
const encode = (value: unknown) => new Uint8Array(encodeBuffer(value));

interface Sample {
  readonly name: string;
  readonly codec: Codec<unknown>;
  readonly values: fc.Arbitrary<unknown>;
}

const samples: Sample[] = REQUEST_TYPES.flatMap((type) => {
  const { name, request, reply } = MESSAGES[type];
  return [
    { name: `${name}, the request`, codec: request as Codec<unknown>, values: requests[type] },
    { name: `${name}, the reply`, codec: reply as unknown as Codec<unknown>, values: replies[type] },
  ];
});
samples.push({ name: 'Providers', codec: MESSAGES[498].reply as Codec<unknown>, values: providers });

test('there is a sample of every message', () => {
  const codecs = (Object.values(MESSAGES) as MessageSpec[]).flatMap((spec) =>
    spec.kind === 'request' ? [spec.request, spec.reply] : [spec.reply],
  );
  for (const codec of codecs) expect(samples.map((sample) => sample.codec)).toContain(codec);
});

describe.each(samples)('$name', ({ codec, values }) => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(values, (value) => {
        const octets = encodeWith(codec, value);
        const again = codec.read(new Reader(octets));
        expect(again).toEqual(value);
        expect(encodeWith(codec, again)).toEqual(octets);
      }),
    );
  });

  test('damaged, it gives a value or a DecodeError', () => {
    const damage = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('set', 'cut', 'double', 'drop'));
    fc.assert(
      fc.property(values, fc.array(damage, { minLength: 1, maxLength: 4 }), (value, damages) => {
        let octets = encodeWith(codec, value);
        for (const [where, octet, how] of damages) {
          const at = octets.length === 0 ? 0 : where % octets.length;
          if (how === 'set') octets[at] = octet;
          else if (how === 'cut') octets = octets.slice(0, at);
          else {
            const rest = octets.subarray(how === 'drop' ? at + 1 : at);
            octets = Uint8Array.from([
              ...octets.subarray(0, at),
              ...(how === 'drop' ? [] : [octet]),
              ...rest,
            ]);
          }
        }
        readOrRefuse(codec, octets);
      }),
    );
  });

  test('out of nothing, it gives a value or a DecodeError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => readOrRefuse(codec, octets)));
  });
});

function readOrRefuse(codec: Codec<unknown>, octets: Uint8Array): void {
  try {
    codec.read(new Reader(octets));
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
  }
}

describe('against an independent encoder', () => {
  const id = new Uint8Array(32).fill(0xab);

  test('a map with integer keys', () => {
    const expected = encode(
      new Map<number, unknown>([
        [0, id],
        [1, Uint8Array.of(1, 2)],
        [2, 86_400],
      ]),
    );
    expect(encodeWith(store, { key: id, value: Uint8Array.of(1, 2), ttlSecs: 86_400n })).toEqual(expected);
  });

  test('capabilities of both lengths, and how many were there', () => {
    const names = [
      'dht',
      'store',
      'relay',
      'content_seed',
      'mobile_light',
      'community_paged_browse',
      'community_search',
      'community_delta_sync',
    ];
    fc.assert(
      fc.property(capabilities, fc.constantFrom(DIALECT_1, DIALECT_2), (value, dialect) => {
        const flags = Object.values(value).slice(0, dialect.capabilityKeys);
        const octets = encodeWith(capabilitiesOf(dialect), value);
        const [head, ...entries] = [
          octets.subarray(0, 1),
          ...flags.flatMap((flag, i) => [encode(names[i]), encode(flag)]),
        ];
        expect(head).toEqual(Uint8Array.of(0xa0 | flags.length));
        expect(octets.subarray(1)).toEqual(new Uint8Array(Buffer.concat(entries)));
        expect(capabilitiesOf(dialect).read(new Reader(octets))).toMatchObject({
          keys: dialect.capabilityKeys,
        });
      }),
    );
  });
});

test('one of the later keys is enough for eight', () => {
  const octets = encode({
    dht: true,
    store: true,
    relay: false,
    content_seed: true,
    mobile_light: false,
    community_search: true,
  });
  const read = capabilitiesOf(DIALECT_1).read(new Reader(octets));
  expect(read).toMatchObject({ keys: 8, communitySearch: true, communityPagedBrowse: false });
});

test('hash lists that would not fit as arrays are written as byte strings, up to what the network takes', () => {
  const contentId = new Uint8Array(32);
  const length = (count: number) => {
    const octets = encodeWith(chunkHashList, { contentId, hashes: new Uint8Array(count * 32).fill(0xff) });
    expect(chunkHashList.read(new Reader(octets)).hashes).toHaveLength(count * 32);
    return octets.length;
  };
  // Two octets of head and two for each octet, or two of head and one for each.
  expect(length(15_800)).toBeGreaterThan(15_800 * 66);
  expect(length(16_000)).toBeLessThan(16_000 * 34 + 64);
  expect(length(30_838)).toBeLessThanOrEqual(MAX_PAYLOAD);
});

test('events: what only they take and refuse', () => {
  const events = MESSAGES[417].reply as Codec<unknown>;
  const id = [...new Uint8Array(32).fill(200)];
  const read = (...list: unknown[]) =>
    events.read(new Reader(encode({ community_id: id, events: list }))) as { events: readonly unknown[] };
  const joined = { type: 'member_joined', memberNodePubkey: Uint8Array.from(id), announceSeq: 1n };
  const map = (...entries: [unknown, unknown][]) => new Map(entries);
  expect(read({ announce_seq: 1, member_node_pubkey: id, type: 'member_joined' }).events).toEqual([joined]);
  expect(read(map([0, id], ['type', 'member_joined'], [1, 1], [9, null])).events).toEqual([joined]);
  expect(read(['member_joined', id, 1]).events).toEqual([joined]);
  expect(read(['share_upserted', id, 1, null], ['share_upserted', id, 1]).events).toHaveLength(2);
  for (const bad of [
    {},
    { type: 'member_joined', member_node_pubkey: Uint8Array.from(id), announce_seq: 1 },
    { type: 'member_joined', member_node_pubkey: [...id, 1], announce_seq: 1 },
    { type: 'joined', member_node_pubkey: id, announce_seq: 1 },
    { type: 'member_joined', announce_seq: 1 },
    map(['type', 'member_joined'], [0, id], ['member_node_pubkey', id], [1, 1]),
    ['member_joined', id],
    ['member_joined', id, 1, 1],
    [],
  ]) {
    expect(() => read(bad)).toThrow(DecodeError);
  }
});
