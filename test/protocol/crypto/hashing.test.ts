import { blake3 as portableBlake3 } from '@noble/hashes/blake3.js';
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blake3,
  blake3DeriveKey,
  blake3Implementation,
  createBlake3,
} from '../../../src/protocol/crypto/blake3.ts';
import { sha256 } from '../../../src/protocol/crypto/sha256.ts';
import {
  generateX25519,
  givesSecret,
  x25519FromSecret,
  x25519SharedSecret,
} from '../../../src/protocol/crypto/x25519.ts';

const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('BLAKE3', () => {
  test('the native implementation is in use where tests run', () => {
    expect(blake3Implementation).toBe('native');
  });

  test('agrees with the portable implementation at every internal boundary', () => {
    for (const size of [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 8192, 16384, 16385, 65537]) {
      const input = Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) % 256);
      expect(plain(blake3(input))).toBe(plain(portableBlake3(input)));
    }
  });

  test('incremental equals one-shot for any split', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), (parts) => {
        const state = createBlake3();
        for (const part of parts) state.update(part);
        expect(plain(state.digest())).toBe(plain(blake3(Buffer.concat(parts))));
      }),
      { numRuns: 30 },
    );
  });

  test('views on shared memory, at an offset, are hashed in place', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(5000));
    for (let i = 0; i < shared.length; i++) shared[i] = i & 255;
    const view = shared.subarray(64, 4164);
    expect(plain(blake3(view))).toBe(plain(portableBlake3(Uint8Array.from(view))));
    expect(plain(createBlake3().update(view).digest())).toBe(plain(portableBlake3(Uint8Array.from(view))));
  });

  test('key derivation agrees with the portable implementation', () => {
    const input = Uint8Array.of(1, 2, 3);
    const context = new TextEncoder().encode('granary test context');
    expect(plain(blake3DeriveKey('granary test context', input))).toBe(
      plain(portableBlake3(input, { context })),
    );
  });
});

describe('SHA-256', () => {
  test('is that of the parts joined', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 4 }), (parts) => {
        expect(plain(sha256(...parts))).toBe(plain(portableSha256(Buffer.concat(parts))));
      }),
      { numRuns: 30 },
    );
  });
});

describe('X25519', () => {
  test('RFC 7748, section 6.1', () => {
    const bob = x25519FromSecret(
      Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex'),
    );
    expect(plain(bob.publicKey)).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
    const alice = Buffer.from('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a', 'hex');
    expect(plain(x25519SharedSecret(bob.privateKey, alice)!)).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    );
  });

  test('a key that forces the secret to zero, or is too short, gives null', () => {
    const own = generateX25519();
    const one = new Uint8Array(32);
    one[0] = 1;
    for (const bad of [new Uint8Array(32), one, new Uint8Array(31)]) {
      expect(x25519SharedSecret(own.privateKey, bad)).toBeNull();
      expect(givesSecret(bad)).toBe(false);
    }
    expect(() => x25519FromSecret(new Uint8Array(31))).toThrow(RangeError);
  });

  test('which keys give a secret is told without making one, as making one tells', () => {
    const own = generateX25519();
    const two = 2n ** 255n;
    const prime = two - 19n;
    // Of order 1, 2, 4 and 8; what lies beside them gives a secret.
    const eight = [
      325606250916557431795983626356110631294008115727848805560023387167927233504n,
      39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    ];
    const small = [0n, 1n, ...eight, prime - 1n, prime, prime + 1n];
    const near = [2n, 9n, ...eight.map((u) => u + 1n), prime - 2n, prime + 2n, two - 1n];
    for (const [numbers, gives] of [
      [small, false],
      [near, true],
    ] as const) {
      // The highest bit counts for nothing.
      for (const u of numbers.flatMap((number) => [number, number + two])) {
        const key = Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse();
        expect(givesSecret(key), u.toString(16)).toBe(gives);
        expect(x25519SharedSecret(own.privateKey, key) !== null, u.toString(16)).toBe(gives);
      }
    }
    expect(x25519SharedSecret(own.privateKey, generateX25519().publicKey)).not.toBeNull();
  });
});
