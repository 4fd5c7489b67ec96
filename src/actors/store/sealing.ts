import { randomBytes } from 'node:crypto';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { blake3DeriveKey } from '../../protocol/crypto/blake3.ts';
import { concatBytes } from '../../protocol/crypto/bytes.ts';
import {
  decodeSealedSecret,
  encodeSealedSecret,
  openSecret,
  SEAL_NONCE_LENGTH,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../protocol/crypto/sealed-secret.ts';
import { Secret } from './secret.ts';

const SEALING_CONTEXT = 'granary keys at rest v1';

export const SEALING_KEY_LENGTH = 32;

/** What seals the private keys: the first key seals, every one of them opens. */
export interface SealingKeys {
  readonly keys: readonly Secret[];
  /** For messages: `the key file /path`, `the passphrase`. */
  readonly source: string;
}

/** What became of an attempt to open: the secret, and whether the first of the keys opened it. */
export type Opened = { readonly secret: Secret; readonly current: boolean } | 'damaged' | 'wrong-key';

/**
 * Seals a key under one derived from the sealing key and the name, so that no sealed key passes for another. The form is
 * that of the network's reference (SCP2P wire, section 19).
 */
export function seal(sealing: SealingKeys, name: string, secret: Secret): Uint8Array {
  return encodeSealedSecret(
    sealSecret(derived(sealing.keys[0]!, name), secret.reveal(), {
      salt: new Uint8Array(SEAL_SALT_LENGTH),
      nonce: new Uint8Array(randomBytes(SEAL_NONCE_LENGTH)),
    }),
  );
}

export function unseal(sealing: SealingKeys, name: string, octets: Uint8Array): Opened {
  try {
    const sealed = decodeSealedSecret(octets);
    for (const [index, key] of sealing.keys.entries()) {
      const secret = openSecret(derived(key, name), sealed);
      if (secret !== null) return { secret: new Secret(secret), current: index === 0 };
    }
    return 'wrong-key';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return 'damaged';
  }
}

const derived = (key: Secret, name: string): Uint8Array =>
  blake3DeriveKey(SEALING_CONTEXT, concatBytes(key.reveal(), Buffer.from(name)));
