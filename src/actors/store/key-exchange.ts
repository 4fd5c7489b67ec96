import { randomBytes } from 'node:crypto';
import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { SEED_LENGTH } from '../../protocol/crypto/ed25519.ts';
import {
  decodeSealedSecret,
  encodeSealedSecret,
  keyFromNodeKey,
  keyFromPassphrase,
  openSecret,
  SEAL_NONCE_LENGTH,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../protocol/crypto/sealed-secret.ts';
import { Secret } from './secret.ts';

/** Longer files are no sealed key: one has about 120 octets. */
const MAX_FILE = 4096;

/** What opens a sealed key of the reference: a passphrase, or the secret of the node that sealed it. */
export type Opener = { readonly passphrase: string } | { readonly nodeSecret: string };

/** A key as the network's reference keeps it under a passphrase (SCP2P wire, section 19). */
export async function sealForExport(seed: Secret, passphrase: string): Promise<Uint8Array> {
  if (passphrase === '') throw failure('E_PASSPHRASE', 'a key is only handed out under a passphrase');
  const salt = new Uint8Array(randomBytes(SEAL_SALT_LENGTH));
  const nonce = new Uint8Array(randomBytes(SEAL_NONCE_LENGTH));
  const key = await keyFromPassphrase(passphrase, salt);
  return encodeSealedSecret(sealSecret(key, seed.reveal(), { salt, nonce }));
}

/** The key in such a file. `E_KEY_INVALID` for what is none, `E_PASSPHRASE` when it does not open. */
export async function openImported(octets: Uint8Array, opener: Opener): Promise<Secret> {
  const sealed = decoded(octets);
  const seed = openSecret(await openingKey(opener, sealed.salt), sealed);
  if (seed === null) {
    throw failure('E_PASSPHRASE', 'it does not open the key, or the key was altered', {
      next: 'try again with the passphrase, or the node secret, that the key was sealed under',
    });
  }
  if (seed.length !== SEED_LENGTH) {
    throw failure(
      'E_KEY_INVALID',
      `what is sealed in it has ${seed.length} octets, a key has ${SEED_LENGTH}`,
    );
  }
  return new Secret(seed);
}

function decoded(octets: Uint8Array) {
  try {
    if (octets.length <= MAX_FILE) return decodeSealedSecret(octets);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw failure('E_KEY_INVALID', 'the file is no sealed key');
}

async function openingKey(opener: Opener, salt: Uint8Array): Promise<Uint8Array> {
  if ('passphrase' in opener) return await keyFromPassphrase(opener.passphrase, salt);
  const secret = fromHex(opener.nodeSecret.trim(), SEED_LENGTH);
  if (secret === null) throw failure('E_KEY_INVALID', 'a node secret has 64 hex digits');
  return keyFromNodeKey(secret);
}
