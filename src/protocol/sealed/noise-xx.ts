import { concatBytes } from '../crypto/bytes.ts';
import { type X25519KeyPair, x25519SharedSecret } from '../crypto/x25519.ts';
import { type CipherState, TAG_LENGTH } from './cipher-state.ts';
import { SymmetricState } from './symmetric-state.ts';

const KEY_LENGTH = 32;
/** Longest message of the protocol, tags included (Noise, section 3). */
export const MAX_NOISE_MESSAGE = 65_535;

export interface NoiseKeys {
  readonly static: X25519KeyPair;
  /** Made for this handshake alone. */
  readonly ephemeral: X25519KeyPair;
}

/** What a side has once three messages have gone. */
export interface NoiseSession {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** The other side holds the private half of it. */
  readonly peerStatic: Uint8Array;
  /** Over the whole handshake: the same on both sides, and on no other session. */
  readonly hash: Uint8Array;
}

/**
 * One side of `Noise_XX_25519_AESGCM_SHA256` (revision 34), without randomness or socket: `-> e`, `<- e, ee, s, es`,
 * `-> s, se`. Messages are written and read in turn; a `read` that returns null ends it: the message was not made by the
 * other side for this handshake, or gives no secret.
 */
export class NoiseXX {
  readonly #initiator: boolean;
  readonly #keys: NoiseKeys;
  readonly #state: SymmetricState;
  #turn = 0;
  #peerEphemeral: Uint8Array | null = null;
  #peerStatic: Uint8Array | null = null;

  constructor(role: 'initiator' | 'responder', keys: NoiseKeys, prologue: Uint8Array) {
    this.#initiator = role === 'initiator';
    this.#keys = keys;
    this.#state = new SymmetricState(prologue);
  }

  /** How many of the three messages have gone. */
  get turn(): number {
    return this.#turn;
  }

  /** The key whose private half the other side has shown to hold; null before its message came. */
  get peerStatic(): Uint8Array | null {
    return this.#peerStatic;
  }

  /** The next message. Null: the other side's keys give no secret. */
  write(payload: Uint8Array): Uint8Array | null {
    const turn = this.#takeTurn(true);
    const state = this.#state;
    const { ephemeral, static: own } = this.#keys;
    if (turn === 0) {
      state.mixHash(ephemeral.publicKey);
      return concatBytes(ephemeral.publicKey, state.encryptAndHash(payload));
    }
    if (turn === 1) {
      state.mixHash(ephemeral.publicKey);
      if (!this.#mix(ephemeral, this.#peerEphemeral)) return null;
      const key = state.encryptAndHash(own.publicKey);
      if (!this.#mix(own, this.#peerEphemeral)) return null;
      return concatBytes(ephemeral.publicKey, key, state.encryptAndHash(payload));
    }
    const key = state.encryptAndHash(own.publicKey);
    if (!this.#mix(own, this.#peerEphemeral)) return null;
    return concatBytes(key, state.encryptAndHash(payload));
  }

  /** The payload of the other side's next message; null: it is none. */
  read(message: Uint8Array): Uint8Array | null {
    const turn = this.#takeTurn(false);
    const { ephemeral } = this.#keys;
    if (message.length > MAX_NOISE_MESSAGE) return null;
    let rest = message;
    if (turn < 2) {
      if (rest.length < KEY_LENGTH) return null;
      this.#peerEphemeral = new Uint8Array(rest.subarray(0, KEY_LENGTH));
      this.#state.mixHash(this.#peerEphemeral);
      rest = rest.subarray(KEY_LENGTH);
    }
    if (turn === 0) return this.#state.decryptAndHash(rest);
    if (turn === 1 && !this.#mix(ephemeral, this.#peerEphemeral)) return null;
    const sealedKey = rest.subarray(0, KEY_LENGTH + TAG_LENGTH);
    const key = sealedKey.length < KEY_LENGTH + TAG_LENGTH ? null : this.#state.decryptAndHash(sealedKey);
    if (key === null) return null;
    this.#peerStatic = new Uint8Array(key);
    if (!this.#mix(ephemeral, this.#peerStatic)) return null;
    return this.#state.decryptAndHash(rest.subarray(sealedKey.length));
  }

  /** After the third message. */
  session(): NoiseSession {
    if (this.#turn !== 3 || this.#peerStatic === null) throw new Error('the handshake is not over');
    const [first, second] = this.#state.split();
    return {
      send: this.#initiator ? first : second,
      receive: this.#initiator ? second : first,
      peerStatic: this.#peerStatic,
      hash: this.#state.hash,
    };
  }

  #takeTurn(writes: boolean): number {
    const turn = this.#turn++;
    if (turn > 2 || (turn % 2 === 0) !== (writes === this.#initiator)) throw new Error('out of turn');
    return turn;
  }

  /** False: an all-zero secret, which anybody would know. */
  #mix(own: X25519KeyPair, theirs: Uint8Array | null): boolean {
    const secret = theirs && x25519SharedSecret(own.privateKey, theirs);
    if (secret === null) return false;
    this.#state.mixKey(secret);
    return true;
  }
}
