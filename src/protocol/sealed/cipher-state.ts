import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

export const TAG_LENGTH = 16;
/** A key seals 2^30 messages at most: of 257 KiB each that is 257 TiB, and far inside what AES-GCM bears. */
const MOST_MESSAGES = 2 ** 30;

/** One direction of a Noise session: AES-256-GCM under nonces that count up (Noise, section 5.1 and 12.4). */
export class CipherState {
  // Octets would be made into such an object for each message, which costs a hundred times more than it and keeps the collector busy.
  readonly #key: KeyObject;
  // 32 bits of zeros, then the count as 64 bits, big-endian.
  readonly #nonce = Buffer.alloc(12);
  #count = 0;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** Ciphertext and tag, in pieces one after another. Throws RangeError when the key has sealed all it may. */
  seal(plaintext: Uint8Array, associated: Uint8Array): Uint8Array[] {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#next());
    if (associated.length > 0) cipher.setAAD(associated);
    const sealed = cipher.update(plaintext);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  }

  /** Null: not what the other side sealed with this count. Nothing after it can be opened either. */
  open(sealed: Uint8Array, associated: Uint8Array): Uint8Array | null {
    if (sealed.length < TAG_LENGTH) return null;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#next());
    if (associated.length > 0) decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH));
    const plaintext = decipher.update(sealed.subarray(0, sealed.length - TAG_LENGTH));
    try {
      decipher.final();
      return plaintext;
    } catch {
      return null;
    }
  }

  #next(): Buffer {
    if (this.#count >= MOST_MESSAGES) throw new RangeError('a key has sealed all it may');
    this.#nonce.writeUInt32BE(this.#count++, 8);
    return this.#nonce;
  }
}
