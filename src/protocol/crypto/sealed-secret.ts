import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { type Codec, encodeWith, field, octetArray, octets, textStruct } from '../cbor/codec.ts';
import { Reader } from '../cbor/reader.ts';
import { blake3DeriveKey } from './blake3.ts';

/** A secret at rest in the reference's form (SCP2P wire, section 19): XChaCha20-Poly1305 without additional data. */
export interface SealedSecret {
  /** 16 octets; zeros when the key was derived from a node key. */
  readonly salt: Uint8Array;
  /** 24 octets, never used twice under one key. */
  readonly nonce: Uint8Array;
  /** As long as the secret, and 16 octets more. */
  readonly ciphertext: Uint8Array;
}

export const SEAL_SALT_LENGTH = 16;
export const SEAL_NONCE_LENGTH = 24;
/** PBKDF2-HMAC-SHA256 rounds of the reference. */
export const SEAL_ITERATIONS = 600_000;
const KEY_LENGTH = 32;
const NODE_KEY_CONTEXT = 'scp2p publisher-identity v1';

const sealedSecret: Codec<SealedSecret> = textStruct<SealedSecret>({
  salt: field('salt', octets(SEAL_SALT_LENGTH)),
  nonce: field('nonce', octets(SEAL_NONCE_LENGTH)),
  ciphertext: field('ciphertext', octetArray),
});

export function encodeSealedSecret(sealed: SealedSecret): Uint8Array {
  return encodeWith(sealedSecret, sealed);
}

/** Throws DecodeError. */
export function decodeSealedSecret(bytes: Uint8Array): SealedSecret {
  return sealedSecret.read(new Reader(bytes));
}

const pbkdf2Async = promisify(pbkdf2);

/** The key of a passphrase; about 0.2 s on the thread pool. */
export async function keyFromPassphrase(
  passphrase: string,
  salt: Uint8Array,
  iterations: number = SEAL_ITERATIONS,
): Promise<Uint8Array> {
  return new Uint8Array(await pbkdf2Async(passphrase, salt, iterations, KEY_LENGTH, 'sha256'));
}

/** The key under which the reference keeps publisher keys: derived from the node's 32-octet seed. */
export function keyFromNodeKey(nodeSeed: Uint8Array): Uint8Array {
  return blake3DeriveKey(NODE_KEY_CONTEXT, nodeSeed);
}

/** Seals a secret under a 32-octet key. Salt and nonce come from the caller, who knows what is fresh. */
export function sealSecret(
  key: Uint8Array,
  secret: Uint8Array,
  { salt, nonce }: Pick<SealedSecret, 'salt' | 'nonce'>,
): SealedSecret {
  return { salt, nonce, ciphertext: xchacha20poly1305(key, nonce).encrypt(secret) };
}

/** The secret, or null when the key is wrong or the ciphertext was altered. */
export function openSecret(key: Uint8Array, sealed: SealedSecret): Uint8Array | null {
  try {
    return xchacha20poly1305(key, sealed.nonce).decrypt(sealed.ciphertext);
  } catch {
    return null;
  }
}
