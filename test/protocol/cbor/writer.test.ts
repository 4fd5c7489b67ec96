import { encode as encodeBuffer } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Writer } from '../../../src/protocol/cbor/writer.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

/** The independent encoder, whose result is sometimes a Buffer, which no Uint8Array equals. */
const encode = (value: unknown) => new Uint8Array(encodeBuffer(value));

const U64_MAX = 2n ** 64n - 1n;

describe('the writer against an independent encoder', () => {
  test.each([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    'integer %d takes its shortest form',
    (n) => {
      expect(new Writer().uint(n).finish()).toEqual(encode(n));
      expect(new Writer().uint(BigInt(n)).finish()).toEqual(encode(n));
    },
  );

  test('64-bit integers, negative ones too', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: U64_MAX }), (n) => {
        expect(new Writer().int(n).finish()).toEqual(encode(n));
      }),
    );
  });

  test('texts, octets, arrays and maps of any size', () => {
    const item = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 300 }), (items) => {
        const w = new Writer(16).array(items.length);
        for (const value of items) {
          if (value === null) w.null();
          else if (typeof value === 'boolean') w.bool(value);
          else if (typeof value === 'string') w.text(value);
          else w.bytes(value);
        }
        expect(w.finish()).toEqual(encode(items));
      }),
    );
    expect(new Writer().map(2).text('b').uint(1).text('a').uint(2).finish()).toEqual(
      Uint8Array.from([0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02]),
    );
  });

  test('octets as an array of integers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        expect(new Writer().byteArray(octets).finish()).toEqual(encode([...octets]));
      }),
    );
  });
});

test.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses %d', (n) => {
  expect(() => new Writer().uint(n)).toThrow(RangeError);
});

test.each([-1n, U64_MAX + 1n])('refuses %d as 64 bits', (n) => {
  expect(() => new Writer().uint(n)).toThrow(RangeError);
});
