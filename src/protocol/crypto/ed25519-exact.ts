import { hash } from 'node:crypto';
import { Point } from '@noble/ed25519';
import { concatBytes } from './bytes.ts';

/**
 * The part of Ed25519 that OpenSSL refuses to compute and the network accepts: keys and commitments of small order.
 * Only point arithmetic comes from the library; its own `verify` is cofactored and would accept what the network refuses.
 */

/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** All encodings of points of small order, without the sign bit: y = 0, 1, two of order 8, p-1, and p, p+1 (not canonical). */
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** True when the 32 octets encode a point whose order divides 8, in any encoding that decoders accept. */
export function isSmallOrder(point: Uint8Array): boolean {
  // The first octet rules out almost everything before any text is made.
  const first = point[0]!;
  if (
    first !== 0 &&
    first !== 1 &&
    first !== 0x26 &&
    first !== 0xc7 &&
    first !== 0xec &&
    first !== 0xed &&
    first !== 0xee
  ) {
    return false;
  }
  const y = Buffer.from(point);
  y[31] = y[31]! & 0x7f;
  return SMALL_ORDER_Y.has(y.toString('hex'));
}

/** Encoding of [S]B - [k]A with k = SHA-512(R, A, message) mod L; null when S >= L or A is no point. */
export function computeR(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Uint8Array | null {
  const s = fromLittleEndian(signature.subarray(32, 64));
  if (s >= L) return null;
  const digest = hash('sha512', concatBytes(signature.subarray(0, 32), publicKey, message), 'buffer');
  const k = fromLittleEndian(digest) % L;
  try {
    // `true`: encodings with y >= p are read, as dalek reads them.
    const a = Point.fromBytes(publicKey, true);
    return Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
  } catch {
    return null;
  }
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
