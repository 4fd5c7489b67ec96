import { DatabaseSync } from 'node:sqlite';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { Writer } from '../../src/protocol/cbor/writer.ts';
import { decodeSealedSecret, encodeSealedSecret } from '../../src/protocol/crypto/sealed-secret.ts';

// The keys of shares in a database of the reference (SCP2P wire, section 19): metadata `publisher_identities`, a list of
// {label, share_secret, node_key_encrypted_share_secret, ...}.

const KEY = 'publisher_identities';

interface Publisher {
  readonly label: string;
  readonly sealed: Uint8Array;
}

/** The sealed secret of the publisher with that label, as a file of its own. */
export function publisherSecretOf(database: string, label: string): Uint8Array {
  const found = publishersOf(database).find((publisher) => publisher.label === label);
  if (!found) throw new Error(`the reference has no publisher ${label}`);
  return found.sealed;
}

/** The same, put in the place of what is there. */
export function putPublisher(database: string, label: string, sealed: Uint8Array): void {
  const publishers = publishersOf(database).map((each) => (each.label === label ? { label, sealed } : each));
  const w = new Writer();
  w.array(publishers.length);
  for (const publisher of publishers) {
    w.map(3).text('label').text(publisher.label).text('share_secret').null();
    w.text('node_key_encrypted_share_secret').raw(publisher.sealed);
  }
  const db = new DatabaseSync(database);
  try {
    db.prepare('UPDATE metadata SET payload = ? WHERE key = ?').run(w.finish(), KEY);
  } finally {
    db.close();
  }
}

function publishersOf(database: string): Publisher[] {
  const db = new DatabaseSync(database);
  try {
    const row = db.prepare('SELECT payload FROM metadata WHERE key = ?').get(KEY);
    if (!row) throw new Error('the reference keeps no publisher');
    return readPublishers(row.payload as Uint8Array);
  } finally {
    db.close();
  }
}

function readPublishers(octets: Uint8Array): Publisher[] {
  return [
    ...new Reader(octets).array((r) => {
      const found = r.textMap({
        label: (inner) => inner.text(),
        node_key_encrypted_share_secret: (inner) => {
          const { salt, nonce, ciphertext } = inner.textMap({
            salt: (field) => field.fixedBytes(16),
            nonce: (field) => field.fixedBytes(24),
            ciphertext: (field) => field.bytes(),
          });
          return encodeSealedSecret({ salt: salt!, nonce: nonce!, ciphertext: ciphertext! });
        },
      });
      const sealed = found.node_key_encrypted_share_secret!;
      decodeSealedSecret(sealed);
      return { label: found.label!, sealed };
    }),
  ];
}
