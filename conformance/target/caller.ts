import { randomBytes } from 'node:crypto';
import { generateSeed, keyPairFromSeed, type SigningKey } from '../../src/protocol/crypto/ed25519.ts';
import { generateX25519 } from '../../src/protocol/crypto/x25519.ts';
import type { Dialect } from '../../src/protocol/dialect.ts';
import { encodeHello, type Hello, signHello } from '../../src/protocol/handshake/hello.ts';
import { NO_CAPABILITIES } from '../../src/protocol/wire/capabilities.ts';
import { frame } from './octets.ts';

export const nowSeconds = (): bigint => BigInt(Math.floor(Date.now() / 1000));

type HelloFields = Parameters<typeof signHello>[2];

/** Our end of one handshake: its secrets, and hellos that may differ from honest ones before or after being signed. */
export class Caller {
  readonly key: SigningKey;
  readonly dialect: Dialect;
  readonly nonce = new Uint8Array(randomBytes(32));
  readonly ephemeral = generateX25519();

  constructor(dialect: Dialect, key = keyPairFromSeed(generateSeed())) {
    this.dialect = dialect;
    this.key = key;
  }

  /** Signed over what it says. `form`: the version and number of keys to say, ours unless given. */
  hello(
    echoedNonce: Uint8Array | null,
    changes: Partial<HelloFields> = {},
    form: Dialect = this.dialect,
  ): Hello {
    return signHello(this.key, form, {
      capabilities: NO_CAPABILITIES,
      nonce: this.nonce,
      echoedNonce,
      timestamp: nowSeconds(),
      ephemeralKey: this.ephemeral.publicKey,
      ...changes,
    });
  }

  /** The frame of a hello as it is, whoever signed it. */
  frameOf(hello: Hello, capabilityKeys = this.dialect.capabilityKeys): Uint8Array {
    return frame(encodeHello(hello, capabilityKeys));
  }

  frame(echoedNonce: Uint8Array | null, changes: Partial<HelloFields> = {}): Uint8Array {
    return this.frameOf(this.hello(echoedNonce, changes));
  }
}
