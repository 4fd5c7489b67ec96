import { bytesEqual } from '../crypto/bytes.ts';
import type { SigningKey } from '../crypto/ed25519.ts';
import { givesSecret } from '../crypto/x25519.ts';
import { type Dialect, dialectOf } from '../dialect.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { checkHello } from './check-hello.ts';
import { failed, type HandshakeStep } from './handshake-step.ts';
import { helloFrame, signHello } from './hello.ts';
import { isTaggedNonce } from './nonce-tag.ts';
import type { HandshakeSecrets } from './own-secrets.ts';
import { sameForm } from './same-form.ts';
import { createTranscript } from './transcript.ts';

export interface InitiatorOptions {
  readonly key: SigningKey;
  /** The form to speak; a peer of another one ends the attempt with `other-form` (see retry.ts). */
  readonly dialect: Dialect;
  readonly capabilities: Capabilities;
  /** The peer's key where it is known from anywhere; null only where it truly is not. */
  readonly expectedKey: Uint8Array | null;
  /** Made for this handshake alone. */
  readonly secrets: HandshakeSecrets;
}

/** The dialling side of a handshake, without clock, randomness or socket. */
export interface Initiator {
  /** The first frame to send. Call once. */
  start(nowSeconds: number): Uint8Array;
  /** The body of the frame that came. One call settles the matter: done (with the last frame to send) or failed. */
  receive(body: Uint8Array, nowSeconds: number): HandshakeStep;
}

export function createInitiator(options: InitiatorOptions): Initiator {
  const { key, dialect, capabilities, expectedKey, secrets } = options;
  const { nonce, ephemeral } = secrets;
  const transcript = createTranscript();
  let awaiting: 'nothing' | 'server-hello' = 'nothing';

  function own(echoedNonce: Uint8Array | null, nowSeconds: number): Uint8Array {
    const timestamp = BigInt(Math.floor(nowSeconds));
    const fields = { capabilities, nonce, echoedNonce, timestamp, ephemeralKey: ephemeral.publicKey };
    const frame = helloFrame(signHello(key, dialect, fields), dialect);
    transcript.sent(frame);
    return frame;
  }

  return {
    start(nowSeconds) {
      awaiting = 'server-hello';
      return own(null, nowSeconds);
    },
    receive(body, nowSeconds) {
      if (awaiting !== 'server-hello') return failed('out-of-turn');
      awaiting = 'nothing';
      const hello = checkHello(body, nowSeconds);
      if (typeof hello === 'string') return failed(hello);
      if (hello.echoedNonce === null || !bytesEqual(hello.echoedNonce, nonce)) return failed('echo');
      if (expectedKey !== null && !bytesEqual(hello.nodeKey, expectedKey)) return failed('wrong-key');
      if (bytesEqual(hello.nodeKey, key.publicKey)) return failed('own-key');
      const form = dialectOf(hello.protocolVersion, hello.capabilities.keys);
      if (form === null) return failed('version');
      if (!sameForm(form, dialect)) return failed('other-form', null, form);
      if (!givesSecret(hello.ephemeralKey)) return failed('ephemeral');
      transcript.received(body);
      const send = own(hello.nonce, nowSeconds);
      return {
        kind: 'done',
        send,
        result: {
          role: 'initiator',
          peerKey: hello.nodeKey,
          dialect,
          peerCapabilities: hello.capabilities,
          initiatorNonce: nonce,
          responderNonce: hello.nonce,
          ownEphemeral: ephemeral,
          peerEphemeralKey: hello.ephemeralKey,
          native: isTaggedNonce(nonce) && isTaggedNonce(hello.nonce),
          transcript: transcript.digest(),
        },
      };
    },
  };
}
