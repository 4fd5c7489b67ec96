import type { Codec } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import { SIGNATURE_LENGTH } from '../crypto/ed25519.ts';

/**
 * Signatures inside objects. What is read is a copy: objects outlive the frame they came in. Their length is a matter
 * of verification, except in manifests.
 */

/** Octets of any length, written as a byte string; an array of integers is read too. */
export const copiedBytes: Codec<Uint8Array> = {
  read: (r) => Uint8Array.from(r.bytes()),
  write: (w, value) => w.bytes(value),
};

/** A signature written as a byte string. */
export const signatureBytes = copiedBytes;

/** Written as an array of integers; a byte string is read too. */
export const signatureArray: Codec<Uint8Array> = {
  read: (r) => Uint8Array.from(r.bytes()),
  write: (w, value) => w.byteArray(value),
};

/** As `signatureBytes`, refused unless it has 64 octets. */
export const signatureBytes64: Codec<Uint8Array> = {
  read(r) {
    const value = signatureBytes.read(r);
    if (value.length !== SIGNATURE_LENGTH) throw new DecodeError('signature must be 64 bytes');
    return value;
  },
  write: signatureBytes.write,
};
