import type { X25519KeyPair } from '../crypto/x25519.ts';
import type { Dialect } from '../dialect.ts';
import type { ReceivedCapabilities } from '../wire/capabilities.ts';

/** Why a handshake was ended by us. */
export type HandshakeFailure =
  /** The frame is no hello. */
  | 'malformed'
  /** The other clock is more than 300 s away. */
  | 'skew'
  /** The signature does not cover what was sent. */
  | 'signature'
  /** A version or form nobody speaks. */
  | 'version'
  /** A valid answer in another form than ours: `peerForm` says which. */
  | 'other-form'
  /** A first hello with an echo, or an echo that is not our nonce. */
  | 'echo'
  /** The nonce of the first hello was used before. */
  | 'replay'
  /** The peer shows our own key: ourselves, or a copied data folder. */
  | 'own-key'
  /** Another key than the one expected. */
  | 'wrong-key'
  /** The third message differs from the first in key, nonce, ephemeral key, capabilities or form. */
  | 'ack-mismatch'
  /** The peer's ephemeral key gives no secret. */
  | 'ephemeral'
  /** The sealed handshake that should follow the hellos did not. */
  | 'sealing'
  /** A frame that nobody asked for: the handshake was over. */
  | 'out-of-turn';

/** What both sides know after three messages. */
export interface HandshakeResult {
  readonly role: 'initiator' | 'responder';
  readonly peerKey: Uint8Array;
  readonly dialect: Dialect;
  readonly peerCapabilities: ReceivedCapabilities;
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  readonly ownEphemeral: X25519KeyPair;
  readonly peerEphemeralKey: Uint8Array;
  /** Both nonces carry the mark of a Granary node. */
  readonly native: boolean;
  /** SHA-256 over the three frames as sent, with their lengths. */
  readonly transcript: Uint8Array;
}

/** What to do after a frame: send `send` (a whole frame) if there is one, then read on, start serving, or close. */
export type HandshakeStep =
  | { readonly kind: 'continue'; readonly send: Uint8Array }
  | { readonly kind: 'done'; readonly send: Uint8Array | null; readonly result: HandshakeResult }
  | {
      readonly kind: 'failed';
      readonly send: Uint8Array | null;
      readonly reason: HandshakeFailure;
      /** The form of a peer that proved to speak another one; null otherwise. */
      readonly peerForm: Dialect | null;
    };

/** A step that ends the handshake without a word, as the network does. */
export function failed(
  reason: HandshakeFailure,
  send: Uint8Array | null = null,
  peerForm: Dialect | null = null,
): HandshakeStep {
  return { kind: 'failed', send, reason, peerForm };
}
