import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../errors.ts';
import { keyPairFromSeed, SEED_LENGTH, type SigningKey } from '../../protocol/crypto/ed25519.ts';
import { keyFilePath } from '../../settings/home.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { StoreContext } from './context.ts';
import { syncFolder, writeFileDurably } from './durable-file.ts';
import type { Home } from './home.ts';
import { addToKeyFile, makeKeyFile, readKeyFile } from './key-file.ts';
import { readPassphraseFile, writePassphraseFile } from './passphrase-file.ts';
import { SEALING_KEY_LENGTH, type SealingKeys, seal, unseal } from './sealing.ts';
import { Secret } from './secret.ts';

/** `sealed`: under the key file; `locked`: under the passphrase; `plain`: as they are. */
type Form = 'sealed' | 'locked' | 'plain';
type SealedForm = Exclude<Form, 'plain'>;

const FORMS = { keyfile: 'sealed', passphrase: 'locked', plain: 'plain' } as const satisfies Record<
  string,
  Form
>;
/** A file of the folder: `node.sealed`, `share-<id>.plain`. */
const FILE = /^(node|share-[0-9a-f]{64})\.(sealed|locked|plain)$/;

interface KeyName {
  readonly name: string;
  readonly form: Form;
}

/**
 * The private keys, a file each: 32 octets as they are, or sealed. All of them have the configured form once this is
 * open, and are sealed under the newest key.
 */
export class KeyRing {
  readonly #context: Pick<StoreContext, 'config' | 'log'>;
  readonly #home: Home;
  readonly #form: Form;
  readonly #sealing = new Map<SealedForm, SealingKeys>();

  private constructor(context: Pick<StoreContext, 'config' | 'log'>, home: Home) {
    this.#context = context;
    this.#home = home;
    this.#form = FORMS[context.config.keys];
  }

  /**
   * `E_HOME_UNUSABLE` when sealed keys are there and their key file is not, or is another one; `E_PASSPHRASE` when the
   * passphrase is missing or wrong. What seals is only made where there is nothing yet for it to open.
   */
  static async open(context: Pick<StoreContext, 'config' | 'log'>, home: Home): Promise<KeyRing> {
    const ring = new KeyRing(context, home);
    const names = await ring.#names();
    const needed = new Set<Form>([ring.#form, ...names.map(({ form }) => form)]);
    const isThere = (form: Form) => names.some((key) => key.form === form);
    if (needed.has('sealed')) ring.#sealing.set('sealed', await ring.#keyFile(isThere('sealed')));
    if (needed.has('locked')) ring.#sealing.set('locked', await ring.#passphrase(isThere('locked')));
    for (const { name, form } of names) {
      if (form !== ring.#form) await ring.#convert(name, form);
    }
    await ring.#sealAnew();
    await ring.#dropOlder();
    if (ring.#form !== 'locked') await ring.#remove(home.passphrase);
    return ring;
  }

  /** How keys lie on the disk. */
  get way(): 'keyfile' | 'passphrase' | 'plain' {
    return this.#context.config.keys;
  }

  /** The key of that name; null when there is none. `E_HOME_UNUSABLE` when it cannot be opened. */
  async load(name: string): Promise<SigningKey | null> {
    const seed = await this.seed(name);
    return seed && keyPairFromSeed(seed.reveal());
  }

  /** What the key is made from. */
  async seed(name: string): Promise<Secret | null> {
    return (await this.#read(name, this.#form))?.secret ?? null;
  }

  /** Keeps a new key; durable when it resolves. */
  async keep(name: string, seed: Secret): Promise<void> {
    await writeFileDurably(this.#path(name, this.#form), this.#encode(name, seed));
  }

  /** For good, in every form. Copies elsewhere are not reached. */
  async forget(name: string): Promise<void> {
    for (const form of Object.values(FORMS)) await rm(this.#path(name, form), { force: true });
    await syncFolder(this.#home.keys);
  }

  /**
   * Makes a new sealing key and seals every key under it; with a passphrase, the new one counts from here on. The number
   * of keys. Cut off in between, the next start finishes it. `E_USAGE` where nothing is sealed.
   */
  async reseal(passphrase: string | null): Promise<number> {
    const form = this.#form;
    if (form === 'plain') {
      throw failure('E_USAGE', 'the keys are not sealed', {
        next: 'set store.keys to keyfile or passphrase',
      });
    }
    const { keys, source } = this.#sealing.get(form)!;
    if (form === 'sealed') {
      const path = keyFilePath(this.#context.config.keyfile, process.env);
      this.#sealing.set(form, { keys: await addToKeyFile(path, keys, this.#context.log), source });
      await this.#sealAnew();
    } else {
      const wanted = passphrase ?? this.#context.config.passphrase;
      const both = [newSealingKey(), ...keys];
      await writePassphraseFile(this.#home.passphrase, wanted, both);
      this.#sealing.set(form, { keys: both, source });
      await this.#sealAnew();
      await writePassphraseFile(this.#home.passphrase, wanted, both.slice(0, 1));
    }
    return (await this.#names()).length;
  }

  async #names(): Promise<readonly KeyName[]> {
    return (await readdir(this.#home.keys)).flatMap((name) => {
      const match = FILE.exec(name);
      return match === null ? [] : [{ name: match[1]!, form: match[2] as Form }];
    });
  }

  async #keyFile(opens: boolean): Promise<SealingKeys> {
    const { config, log } = this.#context;
    const path = keyFilePath(config.keyfile, process.env);
    const known = await readKeyFile(path, log);
    if (known === null && opens) throw missing(path, this.#home);
    return { keys: known ?? (await makeKeyFile(path, log)), source: `the key file ${path}` };
  }

  async #passphrase(opens: boolean): Promise<SealingKeys> {
    const path = this.#home.passphrase;
    const { passphrase } = this.#context.config;
    let keys = await readPassphraseFile(path, passphrase);
    if (keys === null) {
      if (opens) throw unusable(path, 'the file that holds what the passphrase opens is not there');
      keys = [newSealingKey()];
      await writePassphraseFile(path, passphrase, keys);
    }
    return { keys, source: 'the passphrase' };
  }

  /** A change of the passphrase that was cut off: what was sealed under the older key is not any more. */
  async #dropOlder(): Promise<void> {
    const locked = this.#sealing.get('locked');
    if (this.#form !== 'locked' || locked === undefined || locked.keys.length === 1) return;
    const keys = locked.keys.slice(0, 1);
    await writePassphraseFile(this.#home.passphrase, this.#context.config.passphrase, keys);
    this.#sealing.set('locked', { ...locked, keys });
  }

  /** Seals under the newest key what an older one still opens. */
  async #sealAnew(): Promise<void> {
    if (this.#form === 'plain' || this.#sealing.get(this.#form)!.keys.length === 1) return;
    for (const { name, form } of await this.#names()) {
      if (form !== this.#form) continue;
      const read = await this.#read(name, form);
      if (read !== null && !read.current) await this.keep(name, read.secret);
    }
  }

  /** The other form stays until the new one is durable. */
  async #convert(name: string, from: Form): Promise<void> {
    const read = await this.#read(name, from);
    if (read !== null) await this.keep(name, read.secret);
    await this.#remove(this.#path(name, from));
  }

  async #remove(path: string): Promise<void> {
    await rm(path, { force: true });
    await syncFolder(this.#home.keys);
  }

  async #read(name: string, form: Form): Promise<{ secret: Secret; current: boolean } | null> {
    const path = this.#path(name, form);
    let octets: Uint8Array;
    try {
      octets = await readFile(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw unusable(path, `a key of this node cannot be read (${code})`);
    }
    const read = form === 'plain' ? plain(octets) : unseal(this.#sealing.get(form)!, name, octets);
    if (read === 'wrong-key') {
      const { source } = this.#sealing.get(form as SealedForm)!;
      throw unusable(path, `${source} does not open it: it is another one, or the key was altered`);
    }
    if (read === 'damaged' || read.secret.reveal().length !== SEED_LENGTH) {
      throw unusable(path, 'a key of this node is damaged');
    }
    return read;
  }

  #encode(name: string, seed: Secret): Uint8Array {
    return this.#form === 'plain' ? seed.reveal() : seal(this.#sealing.get(this.#form)!, name, seed);
  }

  #path(name: string, form: Form): string {
    return join(this.#home.keys, `${name}.${form}`);
  }
}

const newSealingKey = (): Secret => new Secret(new Uint8Array(randomBytes(SEALING_KEY_LENGTH)));

const plain = (octets: Uint8Array) => ({ secret: new Secret(new Uint8Array(octets)), current: true });

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
