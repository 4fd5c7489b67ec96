import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { KnownNames } from '../../../src/protocol/cbor/known-names.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

const octets = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const reader = (hex: string) => new Reader(octets(hex));

describe('integers', () => {
  test.each([
    ['17', 23n],
    ['18 05', 5n],
    ['1b 0000000000000005', 5n],
    ['1b ffffffffffffffff', 2n ** 64n - 1n],
    ['1b 0020000000000001', 2n ** 53n + 1n],
    ['d8 20 c1 05', 5n],
    ['c2 43 000102', 258n],
    ['c2 5f 41 01 41 02 ff', 258n],
  ])('%s is %d', (hex, value) => {
    expect(reader(hex).u64()).toBe(value);
  });

  test.each([
    '20',
    'f9 4800',
    '61 35',
    'c3 41 01',
    'c2 05',
    'c2 49 01 0000000000000000',
    '1c',
    '1f',
    '18',
    '',
    'f6',
  ])('%s is none', (hex) => {
    expect(() => reader(hex).u64()).toThrow(DecodeError);
  });

  test('a limit holds to the unit', () => {
    expect(reader('18 ff').uint(255)).toBe(255);
    expect(() => reader('19 0100').uint(255)).toThrow('invalid value: integer `256`, expected u8');
    expect(reader('1b 001fffffffffffff').uint(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => reader('1b 0020000000000000').uint(Number.MAX_SAFE_INTEGER)).toThrow(DecodeError);
  });
});

describe('texts', () => {
  test('come whole or in pieces, with a byte order mark kept', () => {
    expect(reader('65 68656c6c6f').text()).toBe('hello');
    expect(reader('7f 62 6865 60 7f 63 6c6c6f ff ff').text()).toBe('hello');
    expect(reader('64 efbbbf61').text()).toBe('\ufeffa');
  });

  test.each(['62 c328', '7f 61 c3 61 a9 ff', '41 61', '7f 41 61 ff', '63 eda080', '65 6869'])(
    '%s is none',
    (hex) => {
      expect(() => reader(hex).text()).toThrow(DecodeError);
    },
  );
});

describe('octets', () => {
  test('a fixed number, from an array, a byte string, or a longer byte string', () => {
    for (const hex of ['83 01 18ff 03', '43 01ff03', '45 01ff030405', '5f 41 01 42 ff03 ff']) {
      expect(reader(hex).fixedBytes(3)).toEqual(octets('01ff03'));
    }
    expect(() => reader('42 0102').fixedBytes(3)).toThrow('invalid length 2, expected an array of length 3');
    expect(() => reader('82 01 02').fixedBytes(3)).toThrow(DecodeError);
    expect(() => reader('9f 01 02 ff').fixedBytes(3)).toThrow(DecodeError);
    expect(() => reader('83 01 19 0100 03').fixedBytes(3)).toThrow(DecodeError);
  });

  test('surplus items of an array are what comes next', () => {
    const r = reader('84 01 02 03 04');
    expect(r.fixedBytes(3)).toEqual(octets('010203'));
    expect(r.u64()).toBe(4n);
  });

  test('the fixed kinds are copies, the others views', () => {
    const input = octets('43 010203 43 010203 43 010203');
    const r = new Reader(input);
    const [copy, other, view] = [r.fixedBytes(3), r.fixedByteString(3), r.bytes()];
    input.fill(0);
    expect([copy, other]).toEqual([octets('010203'), octets('010203')]);
    expect(view).toEqual(octets('000000'));
  });

  test('a byte string proper refuses arrays, tags and other lengths', () => {
    expect(reader('5f 41 01 41 02 ff').fixedByteString(2)).toEqual(octets('0102'));
    for (const hex of ['82 01 02', 'c1 42 0102', '41 01', '43 010203']) {
      expect(() => reader(hex).fixedByteString(2)).toThrow(DecodeError);
    }
  });

  test('an array without length', () => {
    const r = reader('9f 01 1818 ff 07');
    expect(r.bytes()).toEqual(octets('0118'));
    expect(r.u64()).toBe(7n);
  });
});

describe('maps with text keys', () => {
  const fields = { a: (r: Reader) => r.uint(255), b: (r: Reader) => r.text() };

  test('any order, unknown keys, keys as octets, no length', () => {
    for (const hex of [
      'a2 61 61 01 61 62 61 78',
      'a2 61 62 61 78 61 61 01',
      'bf 41 61 01 61 63 9f a1 01 02 ff 61 62 61 78 ff',
      'c1 a2 c2 61 61 c5 01 61 62 c4 61 78',
    ]) {
      expect(reader(hex).textMap(fields)).toEqual({ a: 1, b: 'x' });
    }
  });

  test.each([
    'a1 00 01',
    'a2 61 61 01 61 61 02',
    '81 01',
    'a1 7f 61 61 ff 01',
    'a1 61 63 ff',
    'a1',
    'bf 61 61 01',
  ])('%s is none', (hex) => {
    expect(() => reader(hex).textMap(fields)).toThrow(DecodeError);
  });

  test('the names of JavaScript are ordinary unknown keys', () => {
    const w = new Writer().map(3).text('__proto__').map(0).text('constructor').uint(1).text('a').uint(2);
    expect(new Reader(w.finish()).textMap(fields)).toEqual({ a: 2 });
  });
});

describe('skipping', () => {
  test.each([
    '00',
    '3b ffffffffffffffff',
    '5f ff',
    '7f 61 61 ff',
    '9f 01 9f ff ff',
    'bf 01 bf 02 03 ff ff',
    'c1 c2 a1 f6 f7',
    'f4',
    'f8 14',
    'f9 0000',
    'fa 00000000',
    'fb 0000000000000000',
    '80',
    'a0',
  ])('%s is one item', (hex) => {
    const r = reader(`${hex} 07`);
    r.skip();
    expect(r.u64()).toBe(7n);
  });

  test.each([
    'ff',
    'bf 01 ff',
    '82 01',
    'a1 01',
    'e0',
    'f8 20',
    'fc',
    '9f 01',
    '5f 61 61 ff',
    '61 ff',
    '7f 61 ff ff',
    'c1',
    '9b ffffffffffffffff',
    'bb 7fffffffffffffff',
    '5b ffffffffffffffff',
    '1c',
    'df',
  ])('%s is none', (hex) => {
    expect(() => reader(hex).skip()).toThrow(DecodeError);
  });

  test('256 levels and no more', () => {
    for (const [open, close] of [
      ['81', '00'],
      ['9f', '00'],
      ['c1', '00'],
      ['a1 00', '00'],
    ] as const) {
      reader(`${open.repeat(256)}${close}${open === '9f' ? 'ff'.repeat(256) : ''}`).skip();
      expect(() => reader(`${open.repeat(257)}${close}`).skip()).toThrow('recursion limit exceeded');
    }
    expect(() => new Reader(new Uint8Array(1_000_000).fill(0x81)).skip()).toThrow(DecodeError);
  });

  test('levels that were read count', () => {
    const nested = (r: Reader, levels: number): void => {
      if (levels === 0) r.skip();
      else r.eachItem(() => nested(r, levels - 1));
    };
    nested(reader(`${'81'.repeat(256)}00`), 200);
    expect(() => nested(reader(`${'81'.repeat(257)}00`), 200)).toThrow('recursion limit exceeded');
  });
});

test('an enum by text or by a map of one', () => {
  expect(reader('63 746370').variant(new KnownNames(['tcp', 'quic']))).toBe('tcp');
  expect(reader('c1 a1 c1 43 746370').variant(new KnownNames(['tcp', 'quic']))).toBe('tcp');
  expect(() => reader('63 544350').variant(new KnownNames(['tcp', 'quic']))).toThrow(
    'unknown variant `TCP`, expected `tcp` or `quic`',
  );
  for (const hex of ['a2 63 746370 00 00 00', 'bf 63 746370 00 ff', '43 746370', '00']) {
    expect(() => reader(hex).variant(new KnownNames(['tcp', 'quic']))).toThrow(DecodeError);
  }
});

test('null and undefined are absent, but not behind a tag', () => {
  const read = (hex: string) => reader(hex).optional((r) => r.text());
  expect([read('f6'), read('f7'), read('f8 16'), read('61 61')]).toEqual([null, null, null, 'a']);
  expect(() => read('c1 f6')).toThrow(DecodeError);
});

test('any octets: a value or a DecodeError', () => {
  const reads: ((r: Reader) => unknown)[] = [
    (r) => r.u64(),
    (r) => r.text(),
    (r) => r.bytes(),
    (r) => r.fixedBytes(4),
    (r) => r.byteString(),
    (r) => r.exactOctets(2),
    (r) => r.textOrBytes(),
    (r) => r.variant(new KnownNames(['a', 'b'])),
    (r) => r.skip(),
    (r) => r.textMap({ a: (inner) => inner.bytes() }),
    (r) => r.array((inner) => inner.text()),
    (r) => r.eachIntEntry(() => r.skip()),
    (r) => r.eachNamedOrIndexedEntry(() => r.skip()),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...reads), (input, read) => {
      try {
        read(new Reader(input));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 5000 },
  );
});
