import crypto from 'node:crypto';

// DER by hand: node:crypto exports the public key as the SubjectPublicKeyInfo a certificate holds and signs the rest, so
// what is left is a dozen nested elements. (@peculiar/x509 would need a global reflection polyfill to be loaded first.)
function element(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const sequence = (...parts: Uint8Array[]): Buffer => element(0x30, ...parts);

const oid = {
  ed25519: Uint8Array.of(0x2b, 0x65, 0x70),
  ecdsaSha256: Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02),
  commonName: Uint8Array.of(0x55, 0x04, 0x03),
};

/** A fresh key and a self-signed X.509 v3 certificate for it, both PEM, valid from 2020 to 2049. */
export function selfSigned(kind: 'ed25519' | 'p256'): { key: string; cert: string } {
  const { privateKey, publicKey } =
    kind === 'p256'
      ? crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : crypto.generateKeyPairSync('ed25519');
  const algorithm = sequence(element(0x06, kind === 'p256' ? oid.ecdsaSha256 : oid.ed25519));
  const name = sequence(
    element(0x31, sequence(element(0x06, oid.commonName), element(0x0c, Buffer.from('granary')))),
  );
  const validity = sequence(
    element(0x17, Buffer.from('200101000000Z')),
    element(0x17, Buffer.from('491231235959Z')),
  );
  const body = sequence(
    element(0xa0, element(0x02, Uint8Array.of(2))),
    element(0x02, Uint8Array.of(1)),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = crypto.sign(kind === 'p256' ? 'sha256' : null, body, privateKey);
  const der = sequence(body, algorithm, element(0x03, Uint8Array.of(0), signature));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
