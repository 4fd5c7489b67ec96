import fc from 'fast-check';
import { type Codec, encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { KnownNames } from '../../../src/protocol/cbor/known-names.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { recorded, recordedFor } from '../recorded.ts';
import { must, orDeclared, type Target } from '../target.ts';

/** Values of a generator as octets, the same ones every time. */
export const sampled = <T>(
  arbitrary: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  count = 10,
): Uint8Array[] => fc.sample(arbitrary, { seed: 7, numRuns: count }).map(encode);

/**
 * Of every decoder of CBOR: it throws DecodeError alone, what it took can be written, and what is written is read as the
 * same value and written as the same octets.
 */
export function checkCodec<T>(
  codec: Codec<T>,
  input: Uint8Array,
  comesBack: (value: T) => boolean = () => true,
): T | null {
  const value = orDeclared(DecodeError, () => codec.read(new Reader(input)));
  if (value === null || !comesBack(value)) return value;
  const written = encodeWith(codec, value);
  const again = encodeWith(codec, codec.read(new Reader(written)));
  must(Buffer.from(written).equals(again), 'what it writes it does not read as the same');
  return value;
}

/** `comesBack`: whether the network lets the value be written so that it can be read again. */
export const codecTarget = (
  name: string,
  covers: readonly string[],
  codec: Codec<unknown>,
  seeds: () => readonly Uint8Array[] = () => [],
  comesBack: (value: unknown) => boolean = () => true,
): Target => ({
  name,
  covers,
  form: 'cbor',
  seeds: () => [...seeds(), ...recordedFor((octets) => codec.read(new Reader(octets)) !== undefined)],
  run: (input) => void checkCodec(codec, input, comesBack),
});

export const cbor: readonly Target[] = [
  {
    name: 'cbor-skip',
    covers: ['protocol/cbor/reader.ts Reader'],
    form: 'cbor',
    longest: 64 * 1024,
    seeds: () => recorded().filter((_, i) => i % 40 === 0),
    run(input) {
      const reader = new Reader(input);
      orDeclared(DecodeError, () => reader.skip());
      must(reader.position <= input.length, 'it read beyond the end');
    },
  },
  {
    name: 'cbor-primitives',
    covers: ['protocol/cbor/reader.ts Reader'],
    form: 'cbor',
    seeds: () => recorded().filter((_, i) => i % 60 === 0),
    run(input) {
      const reads: readonly ((r: Reader) => unknown)[] = [
        (r) => r.uint(255),
        (r) => r.u64(),
        (r) => r.bool(),
        (r) => r.text(),
        (r) => r.textOrBytes(),
        (r) => r.bytes(),
        (r) => r.byteString(),
        (r) => r.fixedByteString(32),
        (r) => r.fixedBytes(32),
        (r) => r.exactOctets(32),
        (r) => r.key(),
        (r) => r.variant(new KnownNames(['V4', 'V6'])),
        (r) => r.optional((inner) => inner.uint(9)),
        (r) => r.array((inner) => inner.skip()),
        (r) => r.textMap({ type: (inner) => inner.uint(9) }),
        (r) => r.eachIntEntry(() => r.skip()),
        (r) => r.eachNamedOrIndexedEntry(() => r.skip()),
      ];
      for (const read of reads) {
        const reader = new Reader(input);
        orDeclared(DecodeError, () => read(reader));
        must(reader.position <= input.length, 'it read beyond the end');
      }
    },
  },
];
