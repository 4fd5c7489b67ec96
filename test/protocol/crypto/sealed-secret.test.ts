import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import {
  decodeSealedSecret,
  encodeSealedSecret,
  keyFromNodeKey,
  keyFromPassphrase,
  openSecret,
  sealSecret,
} from '../../../src/protocol/crypto/sealed-secret.ts';

const secret = new Uint8Array(randomBytes(32));
const fresh = () => ({ salt: new Uint8Array(randomBytes(16)), nonce: new Uint8Array(randomBytes(24)) });

describe('secrets at rest', () => {
  test('open with the same passphrase, and with no other', async () => {
    const { salt, nonce } = fresh();
    const key = await keyFromPassphrase('correct horse', salt, 1000);
    const sealed = decodeSealedSecret(encodeSealedSecret(sealSecret(key, secret, { salt, nonce })));
    expect(openSecret(key, sealed)).toEqual(secret);
    expect(openSecret(await keyFromPassphrase('correct horsf', salt, 1000), sealed)).toBeNull();
  });

  test('under a node key; another node does not open it', () => {
    const sealed = sealSecret(keyFromNodeKey(new Uint8Array(32).fill(1)), secret, fresh());
    expect(openSecret(keyFromNodeKey(new Uint8Array(32).fill(1)), sealed)).toEqual(secret);
    expect(openSecret(keyFromNodeKey(new Uint8Array(32).fill(2)), sealed)).toBeNull();
  });

  test('any changed octet is noticed', () => {
    const key = new Uint8Array(32).fill(1);
    const sealed = sealSecret(key, secret, fresh());
    for (let i = 0; i < sealed.ciphertext.length; i++) {
      const ciphertext = sealed.ciphertext.slice();
      ciphertext[i] = ciphertext[i]! ^ 1;
      expect(openSecret(key, { ...sealed, ciphertext })).toBeNull();
    }
    expect(openSecret(key, { ...sealed, ciphertext: sealed.ciphertext.slice(0, 10) })).toBeNull();
  });

  test('octets that are no sealed secret are refused', () => {
    expect(() => decodeSealedSecret(Uint8Array.of(0xa0))).toThrow(DecodeError);
  });
});
