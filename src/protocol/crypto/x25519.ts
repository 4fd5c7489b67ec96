import type { KeyObject } from 'node:crypto';
import * as crypto from 'node:crypto';
import { publicKeyBytes } from './ed25519.ts';

/** An ephemeral key agreement pair. */
export interface X25519KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

// RFC 8410: fixed prefixes in front of the 32 octets.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/** The pair of a 32-octet secret; callers inject the randomness. Throws RangeError on another length. */
export function x25519FromSecret(secret: Uint8Array): X25519KeyPair {
  if (secret.length !== 32) throw new RangeError('an X25519 secret has 32 octets');
  const der = Buffer.concat([PKCS8_PREFIX, secret]);
  const privateKey = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { privateKey, publicKey: publicKeyBytes(privateKey) };
}

/** A fresh pair from the system's randomness. */
export function generateX25519(): X25519KeyPair {
  // A third of what it takes to read a secret of random octets as a key.
  const { privateKey, publicKey } = crypto.generateKeyPairSync('x25519');
  return { privateKey, publicKey: publicKeyBytes(publicKey) };
}

/**
 * The points whose order divides 8, on the curve and on its twist, as 32 octets: with each of them, and with no other, the
 * shared secret is zero whatever the other half is (RFC 7748, section 6.1; the list is that of libsodium).
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  // p - 1, and 0 and 1 once more, not reduced.
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/** Whether these octets are a key that gives a secret with every other: 32 of them, and no point of small order. */
export function givesSecret(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const masked = Buffer.from(publicKey);
  // The highest bit is not part of the number (RFC 7748, section 5).
  masked[31]! &= 0x7f;
  return !SMALL_ORDER.has(masked.toString('hex'));
}

/** The 32-octet shared secret, or null when the peer's key forces it to zero (RFC 7748, section 6.1) or is no key. */
export function x25519SharedSecret(privateKey: KeyObject, peerPublicKey: Uint8Array): Uint8Array | null {
  if (peerPublicKey.length !== 32) return null;
  const der = Buffer.concat([SPKI_PREFIX, peerPublicKey]);
  let shared: Buffer;
  try {
    const publicKey = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
    // OpenSSL itself fails on an all-zero result; the check below stays for builds that do not.
    shared = crypto.diffieHellman({ privateKey, publicKey });
  } catch {
    return null;
  }
  return shared.every((octet) => octet === 0) ? null : new Uint8Array(shared);
}
