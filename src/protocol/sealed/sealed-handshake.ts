import { concatBytes } from '../crypto/bytes.ts';
import { SIGNATURE_LENGTH, type SigningKey, sign, verifyStrict } from '../crypto/ed25519.ts';
import { generateX25519 } from '../crypto/x25519.ts';
import type { HandshakeResult } from '../handshake/handshake-step.ts';
import { type NoiseKeys, type NoiseSession, NoiseXX } from './noise-xx.ts';
import { noiseFrame } from './sealed-records.ts';

/** What a node key says of a Noise static key. Nothing else that a node signs begins like it. */
const DOMAIN = Buffer.from('granary/1 sealed session, noise static key: ');
const NOTHING = new Uint8Array(0);

/** What to do after a message: send `send` (a whole frame) if there is one, and read on, begin, or close. */
export type SealingStep =
  | { readonly kind: 'continue'; readonly send: Uint8Array }
  | { readonly kind: 'done'; readonly send: Uint8Array | null; readonly session: NoiseSession }
  | { readonly kind: 'failed' };

const FAILED: SealingStep = { kind: 'failed' };

/** Fresh keys from the system's randomness, for one handshake. */
export const freshNoiseKeys = (): NoiseKeys => ({ static: generateX25519(), ephemeral: generateX25519() });

/**
 * Binds a session between two Granary nodes to the keys of their hellos, whatever carries it: after the three hellos both
 * run Noise XX inside the stream, in ordinary frames. The prologue is the SHA-256 of the hello frames, so that both mean the
 * same hellos; the payloads of the second and third message are signatures by the node keys over the Noise static keys,
 * so that nobody else ends it. Whoever passed the hellos on can read nothing of what follows, and change nothing unseen.
 * What comes unexpected ends it: `failed` is final.
 */
export class SealedHandshake {
  readonly #key: SigningKey;
  readonly #keys: NoiseKeys;
  readonly #peerKey: Uint8Array;
  readonly #initiates: boolean;
  readonly #noise: NoiseXX;
  #over = false;

  constructor(key: SigningKey, result: HandshakeResult, keys = freshNoiseKeys()) {
    this.#key = key;
    this.#keys = keys;
    this.#peerKey = result.peerKey;
    this.#initiates = result.role === 'initiator';
    this.#noise = new NoiseXX(result.role, keys, result.transcript);
  }

  /** The first frame, for the side that dialled; null for the other, which waits for it. Call once. */
  start(): Uint8Array | null {
    return this.#initiates ? noiseFrame(this.#noise.write(NOTHING)!) : null;
  }

  /** The body of the frame that came. */
  receive(body: Uint8Array): SealingStep {
    if (this.#over) return FAILED;
    this.#over = true;
    const first = this.#noise.turn === 0;
    const payload = this.#noise.read(body);
    if (payload === null) return FAILED;
    if (first) {
      const second = payload.length === 0 ? this.#noise.write(this.#proof()) : null;
      if (second === null) return FAILED;
      this.#over = false;
      return { kind: 'continue', send: noiseFrame(second) };
    }
    if (!this.#isProof(payload)) return FAILED;
    if (!this.#initiates) return { kind: 'done', send: null, session: this.#noise.session() };
    const third = this.#noise.write(this.#proof());
    if (third === null) return FAILED;
    return { kind: 'done', send: noiseFrame(third), session: this.#noise.session() };
  }

  #proof(): Uint8Array {
    return sign(this.#key.privateKey, concatBytes(DOMAIN, this.#keys.static.publicKey));
  }

  #isProof(payload: Uint8Array): boolean {
    const theirs = this.#noise.peerStatic;
    return (
      theirs !== null &&
      payload.length === SIGNATURE_LENGTH &&
      verifyStrict(this.#peerKey, concatBytes(DOMAIN, theirs), payload)
    );
  }
}
