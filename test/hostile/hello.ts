import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import * as b from './bytes.ts';

/** The three forms of the handshake: version, and keys in the capabilities map (SCP2P wire v2, section 0). */
export const FORMS = {
  v1: { version: 1, keys: 5 },
  'v1.8': { version: 1, keys: 8 },
  v2: { version: 2, keys: 8 },
} as const;

export type Form = keyof typeof FORMS;

const CAPABILITY_KEYS = [
  'dht',
  'store',
  'relay',
  'content_seed',
  'mobile_light',
  'community_paged_browse',
  'community_search',
  'community_delta_sync',
] as const;

export interface KeyPair {
  readonly secret: KeyObject;
  readonly public: Buffer;
}

export function keyPair(kind: 'ed25519' | 'x25519' = 'ed25519'): KeyPair {
  // The two calls are the same but for the types that Node has for them.
  const { privateKey, publicKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return { secret: privateKey, public: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32) };
}

export const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const capabilities = (keys: number): Buffer =>
  b.textMap(...CAPABILITY_KEYS.slice(0, keys).map((key) => [key, b.FALSE] as const));

/** The fields of one of the three hellos, each as it stands on the wire. */
export interface HelloParts {
  readonly node_pubkey: Uint8Array;
  readonly capabilities: Uint8Array;
  readonly nonce: Uint8Array;
  readonly echoed_nonce: Uint8Array;
  readonly timestamp_unix_secs: Uint8Array;
  readonly protocol_version: Uint8Array;
  readonly ephemeral_pubkey: Uint8Array;
}

const ORDER = [
  'node_pubkey',
  'capabilities',
  'nonce',
  'echoed_nonce',
  'timestamp_unix_secs',
  'protocol_version',
  'ephemeral_pubkey',
] as const;

/** One end of a handshake by hand: its keys, and the parts of an honest hello that a row may put in another way. */
export class HelloMaker {
  readonly key: KeyPair;
  readonly ephemeral: KeyPair;
  readonly nonce = randomBytes(32);
  readonly form: Form;

  constructor(form: Form = 'v2', key = keyPair(), ephemeral = keyPair('x25519')) {
    this.form = form;
    this.key = key;
    this.ephemeral = ephemeral;
  }

  parts(echo: Uint8Array | null, changes: Partial<HelloParts> = {}): HelloParts {
    const { version, keys } = FORMS[this.form];
    return {
      node_pubkey: b.ints(this.key.public),
      capabilities: capabilities(keys),
      nonce: b.ints(this.nonce),
      echoed_nonce: echo === null ? b.NULL : b.ints(echo),
      timestamp_unix_secs: b.uint(Math.floor(Date.now() / 1000)),
      protocol_version: b.uint(version),
      ephemeral_pubkey: b.ints(this.ephemeral.public),
      ...changes,
    };
  }

  signature(parts: HelloParts): Buffer {
    return sign(null, b.array(...ORDER.map((name) => parts[name])), this.key.secret);
  }

  /** The map of a hello: its seven fields and the signature, which may be another one. */
  entries(parts: HelloParts, signature: Uint8Array = b.ints(this.signature(parts))) {
    return [...ORDER.map((name) => [name, parts[name]] as const), ['signature', signature] as const];
  }

  /** A whole frame, signed over what it says. */
  frame(echo: Uint8Array | null, changes: Partial<HelloParts> = {}): Buffer {
    return b.frame(b.textMap(...this.entries(this.parts(echo, changes))));
  }
}
