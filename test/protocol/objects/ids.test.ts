import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { CHUNK_SIZE, chunkCount, chunkLength, chunkListHash } from '../../../src/protocol/objects/chunks.ts';
import { hourBucket, rendezvousKey } from '../../../src/protocol/objects/dht-keys.ts';
import { bucketIndex, compareDistance, distance } from '../../../src/protocol/objects/ids.ts';
import { rendezvousKeys, rendezvousSlots } from '../../../src/protocol/objects/rendezvous.ts';
import { id, octets, u64 } from './arbitrary.ts';

describe('node ids', () => {
  test('the bucket is the number of leading zero bits of the distance', () => {
    fc.assert(
      fc.property(octets(20), octets(20), (a, b) => {
        const bits = [...distance(a, b)].map((octet) => octet.toString(2).padStart(8, '0')).join('');
        const first = bits.indexOf('1');
        expect(bucketIndex(a, b)).toBe(first < 0 ? 160 : first);
      }),
    );
    const own = new Uint8Array(20);
    expect(bucketIndex(own, own)).toBe(160);
    expect(
      bucketIndex(
        own,
        Uint8Array.from(own, (_, i) => (i === 19 ? 1 : 0)),
      ),
    ).toBe(159);
  });

  test('sorting by distance agrees with the distances as numbers', () => {
    const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
    fc.assert(
      fc.property(octets(20), octets(20), octets(20), (target, a, b) => {
        const difference = number(distance(target, a)) - number(distance(target, b));
        const expected = difference < 0n ? -1 : difference > 0n ? 1 : 0;
        expect(Math.sign(compareDistance(target, a, b))).toBe(expected);
      }),
    );
  });
});

describe('chunks', () => {
  test('their lengths add up to the file', () => {
    for (const size of [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 5 * CHUNK_SIZE, 2 ** 53 - 1]) {
      const count = chunkCount(size);
      if (count > 10) {
        expect(count).toBe(Number((BigInt(size) + 262_143n) / 262_144n));
        continue;
      }
      const lengths = Array.from({ length: count }, (_, i) => chunkLength(size, i));
      expect(lengths.reduce((a, b) => a + b, 0)).toBe(size);
      expect(lengths.every((length) => length > 0)).toBe(true);
      expect(chunkLength(size, count)).toBe(0);
    }
  });

  test('the list hash is that of the hashes joined', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 5 }), (hashes) => {
        expect(chunkListHash(hashes)).toEqual(blake3(Buffer.concat(hashes)));
      }),
    );
  });
});

describe('rendezvous', () => {
  test('a relay has two places of sixteen in every hour', () => {
    fc.assert(
      fc.property(id, u64.map(hourBucket), (relay, bucket) => {
        const slots = rendezvousSlots(relay, bucket);
        expect(slots.every((slot) => slot >= 0n && slot < 16n)).toBe(true);
        expect(rendezvousKeys(relay, bucket)).toEqual(slots.map((slot) => rendezvousKey(bucket, slot)));
      }),
    );
  });
});
