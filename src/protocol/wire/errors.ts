import { type DecodeError, UNEXPECTED_END } from '../cbor/decode-error.ts';
import { type Envelope, FLAG_ERROR, FLAG_RESPONSE } from './envelope.ts';
import type { RateClass } from './rate-class.ts';

/** A reply-only message type came as a request. */
export const UNSUPPORTED_MESSAGE_TYPE = 'unsupported message type';
export const MANIFEST_NOT_FOUND = 'manifest not found';
export const CHUNK_NOT_FOUND = 'chunk not found';
export const CHUNK_HASHES_NOT_FOUND = 'chunk hashes not found';
/** A part of the node is being restarted, or has more to do than it can: the same request may be answered soon. */
export const TEMPORARILY_UNAVAILABLE = 'temporarily unavailable';

/** Texts of others are cut here: they end up in logs. */
const MAX_TEXT = 512;

/** The reply that refuses a request: its own type, its req_id, the text as it is (SCP2P wire, section 7). */
export function errorReply(request: Pick<Envelope, 'type' | 'reqId'>, text: string): Envelope {
  return {
    type: request.type,
    reqId: request.reqId,
    flags: FLAG_RESPONSE | FLAG_ERROR,
    payload: new TextEncoder().encode(text),
  };
}

export function isError(reply: Envelope): boolean {
  return (reply.flags & FLAG_ERROR) !== 0;
}

/** The text of an error reply, cut to a few lines; octets that are no UTF-8 are replaced. Hostile text: never markup. */
export function errorTextOf(reply: Envelope): string {
  return new TextDecoder().decode(reply.payload.subarray(0, MAX_TEXT));
}

export function unknownMessageType(type: number): string {
  return `unknown message type ${type}`;
}

/** Clients of the reference look for the words "rate limit". */
export function rateLimitExceeded(exceeded: RateClass | 'total'): string {
  return exceeded === 'total' ? 'request rate limit exceeded' : `${exceeded} request rate limit exceeded`;
}

/** What a node answers when a payload does not decode, in the reference's manner. */
export function undecodable(error: DecodeError): string {
  if (error.message === UNEXPECTED_END) {
    return 'Io(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" })';
  }
  return `Semantic(None, ${JSON.stringify(error.message)})`;
}
