import { DecodeError } from '../../protocol/cbor/decode-error.ts';

/** The peer broke the protocol: its session ends, and nothing else. */
export class PeerFault extends Error {
  override readonly name = 'PeerFault';
}

/** Whether a connection ended because of what the peer did. */
export const isPeersFault = (error: unknown): error is PeerFault | DecodeError =>
  error instanceof PeerFault || error instanceof DecodeError;
