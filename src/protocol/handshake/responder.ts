import { bytesEqual } from '../crypto/bytes.ts';
import type { SigningKey } from '../crypto/ed25519.ts';
import { givesSecret } from '../crypto/x25519.ts';
import { DIALECT_2, type Dialect, dialectOf } from '../dialect.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { checkHello } from './check-hello.ts';
import { failed, type HandshakeStep } from './handshake-step.ts';
import { helloFrame, type ReceivedHello, signHello } from './hello.ts';
import { isTaggedNonce } from './nonce-tag.ts';
import type { HandshakeSecrets } from './own-secrets.ts';
import type { ReplayTable } from './replay-table.ts';
import { createTranscript } from './transcript.ts';

export interface ResponderOptions {
  readonly key: SigningKey;
  readonly capabilities: Capabilities;
  /** Shared by all handshakes that one listener accepts. */
  readonly replays: ReplayTable;
  /** Made for this handshake alone; asked for once, when a hello has come that deserves an answer. */
  readonly secrets: () => HandshakeSecrets;
}

/** The client's hello, and what it was answered with. */
interface First {
  readonly hello: ReceivedHello;
  readonly dialect: Dialect;
  readonly secrets: HandshakeSecrets;
}

/** The accepting side of a handshake, without clock, randomness or socket. It answers in the form it is asked in. */
export interface Responder {
  /** The body of the frame that came: first the client's hello, then its ack. */
  receive(body: Uint8Array, nowSeconds: number): HandshakeStep;
}

/** The lowest version we do not know; the reference answers such a hello in its own form, then closes. */
const FIRST_UNKNOWN_VERSION = 3;

export function createResponder(options: ResponderOptions): Responder {
  const { key, capabilities, replays } = options;
  const transcript = createTranscript();
  let awaiting: 'client-hello' | 'client-ack' | 'nothing' = 'client-hello';
  let first: First | null = null;

  function answer(
    { nonce, ephemeral }: HandshakeSecrets,
    echoedNonce: Uint8Array,
    dialect: Dialect,
    nowSeconds: number,
  ): Uint8Array {
    const timestamp = BigInt(Math.floor(nowSeconds));
    const fields = { capabilities, nonce, echoedNonce, timestamp, ephemeralKey: ephemeral.publicKey };
    return helloFrame(signHello(key, dialect, fields), dialect);
  }

  function clientHello(body: Uint8Array, nowSeconds: number): HandshakeStep {
    const hello = checkHello(body, nowSeconds);
    if (typeof hello === 'string') return failed(hello);
    // An echo here would let a caller have us sign the nonce of somebody else's handshake as its second message.
    if (hello.echoedNonce !== null) return failed('echo');
    if (bytesEqual(hello.nodeKey, key.publicKey)) return failed('own-key');
    if (!replays.admit(hello.nonce, nowSeconds)) return failed('replay');
    if (hello.protocolVersion >= FIRST_UNKNOWN_VERSION) {
      return failed('version', answer(options.secrets(), hello.nonce, DIALECT_2, nowSeconds));
    }
    const dialect = dialectOf(hello.protocolVersion, hello.capabilities.keys);
    if (dialect === null) return failed('version');
    if (!givesSecret(hello.ephemeralKey)) return failed('ephemeral');
    const secrets = options.secrets();
    const send = answer(secrets, hello.nonce, dialect, nowSeconds);
    transcript.received(body);
    transcript.sent(send);
    first = { hello, dialect, secrets };
    awaiting = 'client-ack';
    return { kind: 'continue', send };
  }

  function clientAck(
    body: Uint8Array,
    nowSeconds: number,
    { hello, dialect, secrets: { nonce, ephemeral } }: First,
  ): HandshakeStep {
    const ack = checkHello(body, nowSeconds);
    if (typeof ack === 'string') return failed(ack);
    if (ack.echoedNonce === null || !bytesEqual(ack.echoedNonce, nonce)) return failed('echo');
    if (!repeats(ack, hello)) return failed('ack-mismatch');
    transcript.received(body);
    return {
      kind: 'done',
      send: null,
      result: {
        role: 'responder',
        peerKey: hello.nodeKey,
        dialect,
        peerCapabilities: hello.capabilities,
        initiatorNonce: hello.nonce,
        responderNonce: nonce,
        ownEphemeral: ephemeral,
        peerEphemeralKey: hello.ephemeralKey,
        native: isTaggedNonce(hello.nonce) && isTaggedNonce(nonce),
        transcript: transcript.digest(),
      },
    };
  }

  return {
    receive(body, nowSeconds) {
      const turn = awaiting;
      // Whatever happens next, no frame is taken twice; the first step alone opens the second.
      awaiting = 'nothing';
      if (turn === 'client-hello') return clientHello(body, nowSeconds);
      if (turn === 'client-ack' && first !== null) return clientAck(body, nowSeconds, first);
      return failed('out-of-turn');
    },
  };
}

/** Whether the ack is of the same key, nonce, ephemeral key, version and capabilities (number of keys included). */
function repeats(ack: ReceivedHello, hello: ReceivedHello): boolean {
  return (
    bytesEqual(ack.nodeKey, hello.nodeKey) &&
    bytesEqual(ack.nonce, hello.nonce) &&
    bytesEqual(ack.ephemeralKey, hello.ephemeralKey) &&
    ack.protocolVersion === hello.protocolVersion &&
    sameCapabilities(ack.capabilities, hello.capabilities)
  );
}

function sameCapabilities(a: ReceivedHello['capabilities'], b: ReceivedHello['capabilities']): boolean {
  return (Object.keys(a) as (keyof typeof a)[]).every((name) => a[name] === b[name]);
}
