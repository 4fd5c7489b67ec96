import { createHmac } from 'node:crypto';
import { concatBytes } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/sha256.ts';
import { CipherState } from './cipher-state.ts';

/** As long as it is: shorter than a hash, so it is filled up with zeros instead of being hashed (Noise, section 5.2). */
const PROTOCOL = 'Noise_XX_25519_AESGCM_SHA256';
const NOTHING = new Uint8Array(0);

/** The running hash and chaining key of a Noise handshake (Noise, section 5.2), for `Noise_XX_25519_AESGCM_SHA256`. */
export class SymmetricState {
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher: CipherState | null = null;

  constructor(prologue: Uint8Array) {
    const name = new Uint8Array(32);
    name.set(Buffer.from(PROTOCOL));
    this.#chainingKey = name;
    this.#hash = name;
    this.mixHash(prologue);
  }

  /** Over everything that was said so far. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, secret);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(key);
  }

  /** Before there is a key, what is sent is sent as it is. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher ? concatBytes(...this.#cipher.seal(plaintext, this.#hash)) : plaintext;
    this.mixHash(sealed);
    return sealed;
  }

  /** Null: it was not sealed by the other side of this handshake. */
  decryptAndHash(sealed: Uint8Array): Uint8Array | null {
    const plaintext = this.#cipher ? this.#cipher.open(sealed, this.#hash) : sealed;
    if (plaintext !== null) this.mixHash(sealed);
    return plaintext;
  }

  /** What the initiator seals with, then what the responder does. */
  split(): [CipherState, CipherState] {
    const [first, second] = hkdf(this.#chainingKey, NOTHING);
    return [new CipherState(first), new CipherState(second)];
  }
}

/** HKDF with two outputs (Noise, section 4.3). */
function hkdf(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const mac = (key: Uint8Array, ...parts: Uint8Array[]) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  };
  const secret = mac(chainingKey, input);
  const first = mac(secret, Uint8Array.of(1));
  return [first, mac(secret, first, Uint8Array.of(2))];
}
