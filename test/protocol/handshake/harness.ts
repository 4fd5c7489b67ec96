import { keyPairFromSeed, type SigningKey, sign } from '../../../src/protocol/crypto/ed25519.ts';
import { type X25519KeyPair, x25519FromSecret } from '../../../src/protocol/crypto/x25519.ts';
import { DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import {
  encodeHello,
  type Hello,
  helloSigningInput,
  signHello,
} from '../../../src/protocol/handshake/hello.ts';
import { createInitiator, type InitiatorOptions } from '../../../src/protocol/handshake/initiator.ts';
import { tagNonce } from '../../../src/protocol/handshake/nonce-tag.ts';
import type { HandshakeSecrets } from '../../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../../src/protocol/handshake/replay-table.ts';
import { createResponder, type ResponderOptions } from '../../../src/protocol/handshake/responder.ts';
import { type Capabilities, NO_CAPABILITIES } from '../../../src/protocol/wire/capabilities.ts';

export const NOW = 1_800_000_000;

export const CAPABILITIES: Capabilities = {
  dht: true,
  store: true,
  relay: false,
  contentSeed: true,
  mobileLight: false,
  communityPagedBrowse: true,
  communitySearch: true,
  communityDeltaSync: true,
};

export const alice = keyPairFromSeed(new Uint8Array(32).fill(1));
export const bob = keyPairFromSeed(new Uint8Array(32).fill(2));
export const mallory = keyPairFromSeed(new Uint8Array(32).fill(3));

/** Secrets that follow from a number, so that a failing test can be run again. */
export function secrets(n: number, tagged = true): HandshakeSecrets {
  const nonce = tagged ? tagNonce(new Uint8Array(24).fill(n)) : new Uint8Array(32).fill(n);
  return { nonce, ephemeral: ephemeral(n) };
}

export function ephemeral(n: number): X25519KeyPair {
  return x25519FromSecret(new Uint8Array(32).fill(n));
}

export function initiator(overrides: Partial<InitiatorOptions> = {}) {
  return createInitiator({
    key: alice,
    dialect: DIALECT_2,
    capabilities: CAPABILITIES,
    expectedKey: null,
    secrets: secrets(11),
    ...overrides,
  });
}

export function responder(overrides: Partial<ResponderOptions> = {}) {
  return createResponder({
    key: bob,
    capabilities: CAPABILITIES,
    replays: createReplayTable(),
    secrets: () => secrets(22),
    ...overrides,
  });
}

/** A frame without its four octets of length. */
export function body(frame: Uint8Array | null): Uint8Array {
  if (frame === null) throw new Error('no frame was sent');
  return frame.subarray(4);
}

export interface HelloOverrides extends Partial<Hello> {
  readonly key?: SigningKey;
  readonly dialect?: Dialect;
}

/** A well-made first hello of `mallory`, or what the overrides make of it; signed last. */
export function hello(overrides: HelloOverrides = {}): Hello {
  const { key = mallory, dialect = DIALECT_2, ...fields } = overrides;
  const base = signHello(key, dialect, {
    capabilities: NO_CAPABILITIES,
    nonce: new Uint8Array(32).fill(33),
    echoedNonce: null,
    timestamp: BigInt(NOW),
    ephemeralKey: ephemeral(33).publicKey,
  });
  const changed = { ...base, ...fields };
  const signature =
    fields.signature ?? sign(key.privateKey, helloSigningInput(changed, dialect.capabilityKeys));
  return { ...changed, signature };
}

export function helloBody(overrides: HelloOverrides = {}): Uint8Array {
  return encodeHello(hello(overrides), (overrides.dialect ?? DIALECT_2).capabilityKeys);
}
