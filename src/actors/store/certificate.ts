import { createPublicKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Log } from '../../supervisor/contract/actor.ts';
import { writeFileDurably } from './durable-file.ts';

/** Nobody looks at dates or names here: peers compare the key. Fixed ones depend on no clock. */
const NOT_BEFORE = '2020-01-01T00:00:00Z';
const NOT_AFTER = '2049-12-31T23:59:59Z';

/** The self-signed certificate of the node key, PEM, kept at `path`. One that is damaged or of another key is made anew. */
export async function certificateOf(key: KeyObject, path: string, log: Log): Promise<string> {
  const kept = await readFile(path, 'latin1').catch(() => null);
  if (kept !== null && isOf(key, kept)) return kept;
  if (kept !== null) log.warn({ path }, 'the certificate is damaged or of another key: made anew');
  const made = await makeCertificate(key);
  await writeFileDurably(path, Buffer.from(made, 'latin1'));
  return made;
}

function isOf(key: KeyObject, pem: string): boolean {
  const publicKey = createPublicKey(key);
  try {
    const certificate = new X509Certificate(pem);
    return certificate.publicKey.equals(publicKey) && certificate.verify(publicKey);
  } catch {
    return false;
  }
}

async function makeCertificate(key: KeyObject): Promise<string> {
  // Loaded only by the start that needs it: the library takes longer than all the rest of it.
  await import('reflect-metadata');
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: 'CN=granary',
      notBefore: new Date(NOT_BEFORE),
      notAfter: new Date(NOT_AFTER),
      signingAlgorithm: { name: 'Ed25519' },
      keys: {
        privateKey: key.toCryptoKey('Ed25519', true, ['sign']),
        publicKey: createPublicKey(key).toCryptoKey('Ed25519', true, ['verify']),
      },
    },
    webcrypto as never,
  );
  return `${certificate.toString('pem')}\n`;
}
