import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { blake3DeriveKey } from '../../protocol/crypto/blake3.ts';
import { concatBytes } from '../../protocol/crypto/bytes.ts';
import { keyPairFromSeed, SEED_LENGTH, type SigningKey } from '../../protocol/crypto/ed25519.ts';
import {
  decodeSealedSecret,
  encodeSealedSecret,
  openSecret,
  SEAL_NONCE_LENGTH,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../protocol/crypto/sealed-secret.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { StoreContext } from './context.ts';
import { syncFolder, writeFileDurably } from './durable-file.ts';
import type { Home } from './home.ts';
import { keyFilePath, makeKeyFile, readKeyFile } from './key-file.ts';
import { Secret } from './secret.ts';

type Form = 'sealed' | 'plain';

/** A file of the folder: `node.sealed`, `share-<id>.plain`. */
const FILE = /^(node|share-[0-9a-f]{64})\.(sealed|plain)$/;
const SEALING_CONTEXT = 'granary keys at rest v1';

/**
 * The private keys, a file each: 32 octets as they are, or sealed under a key derived from the key file and the name,
 * so that no sealed key passes for another. All of them have the configured form once this is open.
 */
export class KeyRing {
  readonly #folder: string;
  readonly #form: Form;
  readonly #keyFile: { readonly path: string; readonly key: Secret } | null;

  private constructor(folder: string, form: Form, keyFile: { path: string; key: Secret } | null) {
    this.#folder = folder;
    this.#form = form;
    this.#keyFile = keyFile;
  }

  /**
   * `E_HOME_UNUSABLE` when sealed keys are there and their key file is not, or is another one. A key file is only made
   * where there is nothing yet for it to open.
   */
  static async open({ config, log }: Pick<StoreContext, 'config' | 'log'>, home: Home): Promise<KeyRing> {
    const form = config.keys === 'plain' ? 'plain' : 'sealed';
    const names = (await readdir(home.keys)).flatMap((name) => {
      const match = FILE.exec(name);
      return match === null ? [] : [{ name: match[1]!, form: match[2] as Form }];
    });
    const anySealed = names.some((key) => key.form === 'sealed');
    let keyFile: { path: string; key: Secret } | null = null;
    if (form === 'sealed' || anySealed) {
      const path = keyFilePath(config.keyfile, process.env);
      const known = await readKeyFile(path, log);
      if (known === null && anySealed) throw missing(path, home);
      keyFile = { path, key: known ?? (await makeKeyFile(path, log)) };
    }
    const ring = new KeyRing(home.keys, form, keyFile);
    for (const key of names) {
      if (key.form !== form) await ring.#convert(key.name, key.form);
    }
    return ring;
  }

  /** The key of that name; null when there is none. `E_HOME_UNUSABLE` when it cannot be opened. */
  async load(name: string): Promise<SigningKey | null> {
    const seed = await this.#read(name, this.#form);
    return seed && keyPairFromSeed(seed.reveal());
  }

  /** Keeps a new key; durable when it resolves. */
  async keep(name: string, seed: Secret): Promise<void> {
    await writeFileDurably(this.#path(name, this.#form), this.#encode(name, seed));
  }

  /** The other form stays until the new one is durable. */
  async #convert(name: string, from: Form): Promise<void> {
    const seed = await this.#read(name, from);
    if (seed !== null) await this.keep(name, seed);
    await rm(this.#path(name, from), { force: true });
    await syncFolder(this.#folder);
  }

  async #read(name: string, form: Form): Promise<Secret | null> {
    const path = this.#path(name, form);
    let octets: Uint8Array;
    try {
      octets = await readFile(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw unusable(path, `a key of this node cannot be read (${code})`);
    }
    if (form === 'sealed') return this.#unseal(name, path, octets);
    if (octets.length !== SEED_LENGTH) throw unusable(path, 'a key of this node is damaged');
    return new Secret(new Uint8Array(octets));
  }

  #encode(name: string, seed: Secret): Uint8Array {
    if (this.#form === 'plain') return seed.reveal();
    return encodeSealedSecret(
      sealSecret(this.#sealingKey(name), seed.reveal(), {
        salt: new Uint8Array(SEAL_SALT_LENGTH),
        nonce: new Uint8Array(randomBytes(SEAL_NONCE_LENGTH)),
      }),
    );
  }

  #unseal(name: string, path: string, octets: Uint8Array): Secret {
    let seed: Uint8Array | null;
    try {
      seed = openSecret(this.#sealingKey(name), decodeSealedSecret(octets));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw unusable(path, 'a key of this node is damaged');
    }
    if (seed === null || seed.length !== SEED_LENGTH) {
      const file = this.#keyFile?.path ?? '';
      throw unusable(
        path,
        `the key file ${file} does not open it: it is another one, or the key was altered`,
      );
    }
    return new Secret(seed);
  }

  #sealingKey(name: string): Uint8Array {
    if (this.#keyFile === null) throw new Error('a key is sealed or opened without a key file');
    return blake3DeriveKey(SEALING_CONTEXT, concatBytes(this.#keyFile.key.reveal(), Buffer.from(name)));
  }

  #path(name: string, form: Form): string {
    return join(this.#folder, `${name}.${form}`);
  }
}

function missing(path: string, home: Home): ActorError {
  return failure('E_HOME_UNUSABLE', `the key file that opens the keys of ${home.root} is not there`, {
    subject: path,
    next: 'restore the key file from its backup, or name it with store.keyfile',
  });
}

function unusable(path: string, message: string): ActorError {
  return failure('E_HOME_UNUSABLE', message, {
    subject: path,
    next: 'restore keys/ and the key file that belongs to it from a backup',
  });
}
