import { createPrivateKey, createPublicKey, hash } from 'node:crypto';
import * as noble from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  generateSeed,
  keyPairFromSeed,
  publicKeyBytes,
  sign,
  verify,
  verifyStrict,
} from '../../../src/protocol/crypto/ed25519.ts';
import { isSmallOrder } from '../../../src/protocol/crypto/ed25519-exact.ts';

const { Point } = noble;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const seed32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

beforeAll(() => {
  noble.hashes.sha512 = sha512;
});

function littleEndian(value: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  const digest = hash('sha512', join(r, a, message), 'buffer');
  return BigInt(`0x${Buffer.from(digest).reverse().toString('hex')}`) % L;
}

/** All encodings of small order a decoder accepts, found by arithmetic and not from the table under test. */
function smallOrderEncodings(): Uint8Array[] {
  // A point of order 8: any point times L has an order dividing 8; the search ends at one of full order.
  let order8 = Point.ZERO;
  for (let y = 2; order8.equals(Point.ZERO); y++) {
    const bytes = new Uint8Array(32);
    bytes[0] = y;
    try {
      const candidate = Point.fromBytes(bytes, true);
      const torsion = candidate.multiplyUnsafe(L - 1n).add(candidate);
      if (!torsion.double().double().is0()) order8 = torsion;
    } catch {
      // not on the curve
    }
  }
  const encodings: Uint8Array[] = [];
  let point = Point.ZERO;
  for (let i = 0; i < 8; i++) {
    encodings.push(new Uint8Array(point.toBytes()));
    point = point.add(order8);
  }
  return encodings;
}

describe('Ed25519', () => {
  test('RFC 8032 test 2', () => {
    const key = keyPairFromSeed(
      Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'),
    );
    expect(Buffer.from(key.publicKey).toString('hex')).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    const signature = sign(key.privateKey, Uint8Array.of(0x72));
    expect(Buffer.from(signature).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  test('signs as the oracle does, and each verifies the other', () => {
    fc.assert(
      fc.property(seed32, fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const key = keyPairFromSeed(seed);
        const signature = sign(key.privateKey, message);
        expect(signature).toEqual(new Uint8Array(noble.sign(message, seed)));
        expect(key.publicKey).toEqual(new Uint8Array(noble.getPublicKey(seed)));
        expect(verify(key.publicKey, message, signature)).toBe(true);
        expect(verifyStrict(key.publicKey, message, signature)).toBe(true);
        const at = signature.length === 64 ? seed[0]! % 64 : 0;
        const altered = signature.slice();
        altered[at] = altered[at]! ^ 1;
        expect(verify(key.publicKey, message, altered)).toBe(false);
        expect(verifyStrict(key.publicKey, message, altered)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test('public half comes out of either kind of key object', () => {
    const key = keyPairFromSeed(generateSeed());
    expect(publicKeyBytes(createPublicKey(key.privateKey))).toEqual(key.publicKey);
    expect(publicKeyBytes(key.privateKey)).toEqual(key.publicKey);
    const der = key.privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(publicKeyBytes(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))).toEqual(
      key.publicKey,
    );
  });

  test('wrong lengths are refused, not thrown', () => {
    const key = keyPairFromSeed(generateSeed());
    const message = Uint8Array.of(1);
    const signature = sign(key.privateKey, message);
    for (const check of [verify, verifyStrict]) {
      expect(check(key.publicKey.subarray(1), message, signature)).toBe(false);
      expect(check(key.publicKey, message, signature.subarray(1))).toBe(false);
      expect(check(new Uint8Array(33), message, signature)).toBe(false);
    }
    expect(() => keyPairFromSeed(new Uint8Array(31))).toThrow(RangeError);
  });

  test('S at or above the group order is refused', () => {
    const key = keyPairFromSeed(generateSeed());
    const message = Uint8Array.of(7);
    const signature = sign(key.privateKey, message);
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`);
    const raised = join(signature.slice(0, 32), littleEndian(s + L));
    expect(verify(key.publicKey, message, raised)).toBe(false);
    expect(verifyStrict(key.publicKey, message, raised)).toBe(false);
  });
});

describe('Ed25519, points of small order', () => {
  const encodings = smallOrderEncodings();
  const message = new TextEncoder().encode('small');

  test('the table holds all eight points, their non-canonical forms, and nothing else', () => {
    expect(encodings).toHaveLength(8);
    for (const encoding of encodings) expect(isSmallOrder(encoding)).toBe(true);
    for (let i = 0; i < 20; i++) {
      const key = keyPairFromSeed(generateSeed());
      expect(isSmallOrder(key.publicKey)).toBe(Point.fromBytes(key.publicKey, true).isSmallOrder());
    }
    // y + p, and the sign bit on x = 0: accepted by decoders that do not ask for canonical form.
    for (const y of ['edff', 'eeff']) {
      for (const last of ['7f', 'ff']) {
        const bytes = Buffer.from(y + 'ff'.repeat(29) + last, 'hex');
        expect(Point.fromBytes(bytes, true).isSmallOrder()).toBe(true);
        expect(isSmallOrder(bytes)).toBe(true);
      }
    }
    const base = new Uint8Array(Point.BASE.toBytes());
    expect(isSmallOrder(base)).toBe(false);
  });

  test('a key of small order passes the compatible rule when the equation holds, never the strict one', () => {
    let accepted = 0;
    for (const a of encodings) {
      // S = 0: the equation asks for R = -[k]A, one of eight points; try each until the hash agrees.
      for (const r of encodings) {
        const signature = join(r, new Uint8Array(32));
        const k = challenge(r, a, message);
        const expected = Point.ZERO.subtract(Point.fromBytes(a, true).multiplyUnsafe(k)).toBytes();
        const holds = Buffer.from(expected).equals(Buffer.from(r));
        if (holds) accepted++;
        expect(verify(a, message, signature)).toBe(holds);
        expect(verifyStrict(a, message, signature)).toBe(false);
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });

  test('an honest key with R of small order: equation decides', () => {
    // With r = 0 the commitment is the neutral point and S = k * a.
    const seed = generateSeed();
    const expanded = Buffer.from(hash('sha512', seed, 'buffer'));
    expanded[0] = expanded[0]! & 248;
    expanded[31] = (expanded[31]! & 127) | 64;
    const a = BigInt(`0x${Buffer.from(expanded.subarray(0, 32)).reverse().toString('hex')}`) % L;
    const { publicKey } = keyPairFromSeed(seed);
    const r = encodings[0]!;
    const s = (challenge(r, publicKey, message) * a) % L;
    const signature = join(r, littleEndian(s));
    expect(verify(publicKey, message, signature)).toBe(true);
    expect(verifyStrict(publicKey, message, signature)).toBe(false);
    expect(verify(publicKey, message, join(r, littleEndian((s + 1n) % L)))).toBe(false);
  });

  test('S at the group order is refused on the exact path too', () => {
    const [neutral] = encodings;
    expect(verify(neutral!, message, join(neutral!, new Uint8Array(32)))).toBe(true);
    expect(verify(neutral!, message, join(neutral!, littleEndian(L)))).toBe(false);
  });

  test('what only a cofactored check accepts is refused', () => {
    // R of order 8 added: 8R' = 8R, so a cofactored verifier says yes, the network says no.
    const seed = generateSeed();
    const { publicKey } = keyPairFromSeed(seed);
    const expanded = Buffer.from(hash('sha512', seed, 'buffer'));
    expanded[0] = expanded[0]! & 248;
    expanded[31] = (expanded[31]! & 127) | 64;
    const a = BigInt(`0x${Buffer.from(expanded.subarray(0, 32)).reverse().toString('hex')}`) % L;
    const torsion = Point.fromBytes(encodings[1]!, true);
    const nonce = 12345678901234567890n;
    const r = new Uint8Array(Point.BASE.multiply(nonce).add(torsion).toBytes());
    const s = (nonce + challenge(r, publicKey, message) * a) % L;
    const signature = join(r, littleEndian(s));
    expect(noble.verify(signature, message, publicKey)).toBe(true);
    expect(verify(publicKey, message, signature)).toBe(false);
    expect(verifyStrict(publicKey, message, signature)).toBe(false);
  });
});
