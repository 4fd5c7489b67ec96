import {
  decodeSealedSecret,
  encodeSealedSecret,
  keyFromNodeKey,
  keyFromPassphrase,
  openSecret,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../src/protocol/crypto/sealed-secret.ts';
import { asNumber, asObject, asOctets, asText, type JsonObject, MalformedVectors, toHex } from '../json.ts';
import type { Report, Suite } from '../suite.ts';

/** Secrets at rest, under a passphrase and under a node key. */
export const secrets: Suite = {
  name: 'secrets at rest',
  sections: ['generated.at_rest'],
  async run(section, value, report) {
    for (const [mode, each] of Object.entries(asObject(value, section))) {
      const entry = asObject(each, mode);
      if (mode === 'passphrase_mode') {
        const salt = asOctets(entry.salt_hex, 'salt_hex');
        const iterations = asNumber(entry.iterations, 'iterations');
        const key = await keyFromPassphrase(asText(entry.passphrase, 'passphrase'), salt, iterations);
        check(mode, entry, key, salt, report);
      } else if (mode === 'node_key_mode') {
        const key = keyFromNodeKey(asOctets(entry.node_key_hex, 'node_key_hex'));
        check(mode, entry, key, new Uint8Array(SEAL_SALT_LENGTH), report);
      } else throw new MalformedVectors(`at rest: ${mode}`);
    }
  },
};

function check(mode: string, entry: JsonObject, key: Uint8Array, salt: Uint8Array, report: Report): void {
  const plaintext = asText(entry.plaintext_hex, 'plaintext_hex');
  const ciphertext = asText(entry.ciphertext_hex, 'ciphertext_hex');
  const nonce = asOctets(entry.nonce_hex, 'nonce_hex');
  const sealed = sealSecret(key, asOctets(plaintext, 'plaintext_hex'), { salt, nonce });
  if (Object.hasOwn(entry, 'derived_key_hex')) {
    report.equal(`${mode} key`, asText(entry.derived_key_hex, 'derived_key_hex'), toHex(key));
  }
  report.equal(`${mode} sealed`, ciphertext, toHex(sealed.ciphertext));
  const opened = openSecret(key, sealed);
  report.equal(`${mode} opened`, plaintext, opened === null ? 'not opened' : toHex(opened));
  const otherKey = Uint8Array.from(key, (octet) => octet ^ 1);
  report.equal(`${mode} other key`, 'null', String(openSecret(otherKey, sealed)));
  if (!Object.hasOwn(entry, 'cbor_hex')) return;
  const octets = asText(entry.cbor_hex, 'cbor_hex');
  report.equal(`${mode} encoded`, octets, toHex(encodeSealedSecret(sealed)));
  const read = decodeSealedSecret(asOctets(octets, 'cbor_hex'));
  report.equal(`${mode} read`, octets, toHex(encodeSealedSecret(read)));
}
