import type { KeyObject } from 'node:crypto';
import * as crypto from 'node:crypto';
import { bytesEqual } from './bytes.ts';
import { computeR, isSmallOrder } from './ed25519-exact.ts';

/**
 * Ed25519 as the network checks it. `sign` is deterministic (RFC 8032). Two rules to verify:
 * `verify` is what the reference does for almost everything, `verifyStrict` is what it does for relay
 * announcements, rotations and revocations, and what we use for statements of our own.
 */

export const PUBLIC_KEY_LENGTH = 32;
export const SEED_LENGTH = 32;
export const SIGNATURE_LENGTH = 64;

/** A key that signs, and its public half as 32 octets. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

// RFC 8410: fixed prefixes in front of the 32 octets.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** 32 random octets from the system. */
export function generateSeed(): Uint8Array {
  return new Uint8Array(crypto.randomBytes(SEED_LENGTH));
}

/** The key of a 32-octet seed (the form in which the reference stores keys). Throws RangeError on another length. */
export function keyPairFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_LENGTH) throw new RangeError('an Ed25519 seed has 32 octets');
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { privateKey, publicKey: publicKeyBytes(privateKey) };
}

/** The 32 public octets of a private or public KeyObject, of this curve or of X25519. */
export function publicKeyBytes(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? crypto.createPublicKey(key) : key;
  // Node writes DER by way of an encoder that takes twenty times as long.
  return new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
}

/** 64-octet signature of `message`. */
export function sign(privateKey: KeyObject, message: Uint8Array): Uint8Array {
  return new Uint8Array(crypto.sign(null, message, privateKey));
}

/**
 * The network's rule (ed25519-dalek `verify`): [S]B - [k]A encoded equals R octet for octet, S below the group
 * order, keys and R of small order allowed. OpenSSL decides every other case alike, and refuses those; only they
 * take the slow exact path.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
  if (crypto.verify(null, message, publicKeyObject(publicKey), signature)) return true;
  const r = signature.subarray(0, 32);
  if (!isSmallOrder(publicKey) && !isSmallOrder(r)) return false;
  const expected = computeR(publicKey, message, signature);
  return expected !== null && bytesEqual(expected, r);
}

/** As `verify`, but keys and R of small order are refused (ed25519-dalek `verify_strict`). */
export function verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
  // OpenSSL refuses these as well today; that is its habit, and this is the rule.
  if (isSmallOrder(publicKey) || isSmallOrder(signature.subarray(0, 32))) return false;
  return crypto.verify(null, message, publicKeyObject(publicKey), signature);
}

// Making a KeyObject costs a fifth of a verification; the keys of live sessions and shares come again and again.
const CACHE_LIMIT = 1024;
const cache = new Map<string, KeyObject>();

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
  const known = cache.get(name);
  if (known !== undefined) {
    // Map keeps insertion order: taking the entry out and in again makes it the youngest.
    cache.delete(name);
    cache.set(name, known);
    return known;
  }
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  const key = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  cache.set(name, key);
  return key;
}
