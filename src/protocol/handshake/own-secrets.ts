import { randomBytes } from 'node:crypto';
import { generateX25519, type X25519KeyPair } from '../crypto/x25519.ts';
import { NONCE_LENGTH, TAGGED_RANDOM_LENGTH, tagNonce } from './nonce-tag.ts';

/** What one side makes anew for each handshake; never used twice. */
export interface HandshakeSecrets {
  readonly nonce: Uint8Array;
  readonly ephemeral: X25519KeyPair;
}

/** Fresh secrets from the system's randomness. With `tagged` the nonce tells another Granary node that we are one. */
export function freshHandshakeSecrets(tagged = true): HandshakeSecrets {
  const nonce = tagged
    ? tagNonce(randomBytes(TAGGED_RANDOM_LENGTH))
    : new Uint8Array(randomBytes(NONCE_LENGTH));
  return { nonce, ephemeral: generateX25519() };
}
