import type { KeyObject } from 'node:crypto';
import * as crypto from 'node:crypto';

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
  const spki = crypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)) };
}

/** A fresh pair from the system's randomness. */
export function generateX25519(): X25519KeyPair {
  return x25519FromSecret(crypto.randomBytes(32));
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
