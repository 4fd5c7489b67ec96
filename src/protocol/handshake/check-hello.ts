import { DecodeError } from '../cbor/decode-error.ts';
import { verify } from '../crypto/ed25519.ts';
import type { HandshakeFailure } from './handshake-step.ts';
import { decodeHello, helloSigningInput, type ReceivedHello } from './hello.ts';

/** How far the peer's clock may be away, in seconds, either way; the bound itself still passes. */
export const MAX_SKEW_SECONDS = 300;

/** The checks every hello must pass before anything else is asked of it; a signature is checked in the form received. */
export function checkHello(body: Uint8Array, nowSeconds: number): ReceivedHello | HandshakeFailure {
  let hello: ReceivedHello;
  try {
    hello = decodeHello(body);
  } catch (error) {
    if (error instanceof DecodeError) return 'malformed';
    throw error;
  }
  const skew = hello.timestamp - BigInt(Math.floor(nowSeconds));
  if (skew > MAX_SKEW_SECONDS || skew < -MAX_SKEW_SECONDS) return 'skew';
  const input = helloSigningInput(hello, hello.capabilities.keys);
  return verify(hello.nodeKey, input, hello.signature) ? hello : 'signature';
}
