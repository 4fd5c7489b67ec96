import { concatBytes } from '../crypto/bytes.ts';

/**
 * How a Granary node shows itself to another: the first 8 of the 32 octets of its handshake nonce are fixed. Other
 * nodes see a nonce like any; the hello's signature covers it, so nobody in between can take the mark off.
 */

// "GRANARY" and the version of the native profile. 24 random octets remain, more than enough to be unique.
const MAGIC = Uint8Array.from([0x47, 0x52, 0x41, 0x4e, 0x41, 0x52, 0x59]);
const PROFILE_VERSION = 1;

export const NONCE_LENGTH = 32;
/** Random octets in a tagged nonce. */
export const TAGGED_RANDOM_LENGTH = 24;

/** The nonce of a Granary node made of 24 random octets. */
export function tagNonce(random: Uint8Array): Uint8Array {
  if (random.length !== TAGGED_RANDOM_LENGTH) throw new RangeError('a tagged nonce takes 24 random octets');
  return concatBytes(MAGIC, Uint8Array.of(PROFILE_VERSION), random);
}

/**
 * True when the nonce carries the mark, in this or a later version: later profiles keep understanding this one and
 * agree on more inside the session.
 */
export function isTaggedNonce(nonce: Uint8Array): boolean {
  if (nonce.length !== NONCE_LENGTH) return false;
  for (let i = 0; i < MAGIC.length; i++) if (nonce[i] !== MAGIC[i]) return false;
  return nonce[MAGIC.length]! >= PROFILE_VERSION;
}
