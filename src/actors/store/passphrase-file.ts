import { argon2, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { failure } from '../../errors.ts';
import { concatBytes, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import {
  openSecret,
  SEAL_NONCE_LENGTH,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../protocol/crypto/sealed-secret.ts';
import { writeFileDurably } from './durable-file.ts';
import type { PassphraseFile } from './passphrase-shape.ts';
import { SEALING_KEY_LENGTH } from './sealing.ts';
import { Secret } from './secret.ts';

/** RFC 9106, second recommendation: 64 MiB, three passes; one lane, because a start has other threads to serve. */
const COST = { memory_kib: 65_536, passes: 3, parallelism: 1 } as const;
const SALT_LENGTH = SEAL_SALT_LENGTH;

type Cost = Pick<PassphraseFile, 'memory_kib' | 'passes' | 'parallelism'>;

/**
 * The sealing keys of a folder, sealed under a passphrase: a new passphrase is a new file and no change of any key. Null
 * when there is no such file. `E_PASSPHRASE` when the passphrase does not open it, `E_HOME_UNUSABLE` when it is damaged.
 */
export async function readPassphraseFile(
  path: string,
  passphrase: string,
): Promise<readonly Secret[] | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw damaged(path, `it cannot be read (${code})`);
  }
  if (passphrase === '')
    throw failure('E_PASSPHRASE', 'the keys are sealed under a passphrase', { subject: path });
  const file = await parsed(text, path);
  const salt = fromHex(file.salt, SALT_LENGTH);
  const nonce = fromHex(file.nonce, SEAL_NONCE_LENGTH);
  const ciphertext = fromHex(file.ciphertext, file.ciphertext.length / 2);
  if (salt === null || nonce === null || ciphertext === null) throw damaged(path, 'it is damaged');
  const opened = openSecret(await stretched(passphrase, salt, file), { salt, nonce, ciphertext });
  if (opened === null) {
    throw failure('E_PASSPHRASE', 'the passphrase does not open the keys, or their file was altered', {
      subject: path,
    });
  }
  if (opened.length === 0 || opened.length % SEALING_KEY_LENGTH !== 0) throw damaged(path, 'it is damaged');
  return Array.from(
    { length: opened.length / SEALING_KEY_LENGTH },
    (_, i) => new Secret(opened.slice(i * SEALING_KEY_LENGTH, (i + 1) * SEALING_KEY_LENGTH)),
  );
}

/** Seals the keys under the passphrase; durable when it resolves. `E_PASSPHRASE` for an empty one. */
export async function writePassphraseFile(
  path: string,
  passphrase: string,
  keys: readonly Secret[],
): Promise<void> {
  if (passphrase === '') throw failure('E_PASSPHRASE', 'no passphrase was given', { subject: path });
  const salt = new Uint8Array(randomBytes(SALT_LENGTH));
  const nonce = new Uint8Array(randomBytes(SEAL_NONCE_LENGTH));
  const secret = concatBytes(...keys.map((key) => key.reveal()));
  const { ciphertext } = sealSecret(await stretched(passphrase, salt, COST), secret, { salt, nonce });
  const file = {
    version: 1,
    kdf: 'argon2id',
    ...COST,
    salt: toHex(salt),
    nonce: toHex(nonce),
    ciphertext: toHex(ciphertext),
  } satisfies PassphraseFile;
  await writeFileDurably(path, Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
}

async function parsed(text: string, path: string): Promise<PassphraseFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is damaged');
  }
  // Only now: most folders have no such file, and what checks it costs a start 90 ms and 17 MB.
  const { fileSchema } = await import('./passphrase-shape.ts');
  const result = fileSchema.safeParse(value);
  if (!result.success) throw damaged(path, 'it is damaged, or of a newer version');
  return result.data;
}

const argon2Async = promisify(argon2);

/** On the thread pool. Passphrases that look the same are the same, however a keyboard composed them. */
async function stretched(passphrase: string, salt: Uint8Array, cost: Cost): Promise<Uint8Array> {
  return new Uint8Array(
    await argon2Async('argon2id', {
      message: passphrase.normalize('NFC'),
      nonce: salt,
      parallelism: cost.parallelism,
      tagLength: SEALING_KEY_LENGTH,
      memory: cost.memory_kib,
      passes: cost.passes,
    }),
  );
}

function damaged(path: string, what: string): Error {
  return failure('E_HOME_UNUSABLE', `the file that holds what the passphrase opens: ${what}`, {
    subject: path,
    next: 'restore keys/ from a backup',
  });
}
