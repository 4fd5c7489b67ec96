import { blake3DeriveKey } from './blake3.ts';
import { concatBytes } from './bytes.ts';

/** The string of both dialects; version 2 of the protocol kept the `v1` in it. */
const CONTEXT = 'scp2p-handshake-session-secret-v1';

/**
 * The 32-octet secret of a handshake (SCP2P wire, section 4): BLAKE3 key derivation over the X25519 secret and both nonces.
 * The reference computes it and never uses it, and it does not bind the node keys: it must not protect anything.
 */
export function sessionSecret(
  sharedSecret: Uint8Array,
  initiatorNonce: Uint8Array,
  responderNonce: Uint8Array,
): Uint8Array {
  return blake3DeriveKey(CONTEXT, concatBytes(sharedSecret, initiatorNonce, responderNonce));
}
