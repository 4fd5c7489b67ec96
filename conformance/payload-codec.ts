import type { Codec } from '../src/protocol/cbor/codec.ts';
import { type Envelope, FLAG_RESPONSE } from '../src/protocol/wire/envelope.ts';
import * as types from '../src/protocol/wire/message-types.ts';
import { MESSAGES, messageSpec } from '../src/protocol/wire/registry.ts';

/**
 * The codec of an envelope's payload when only the envelope is known; null for an unknown type. Of an acknowledgement
 * with a payload (an offer of peers, sent in reply) the payload tells.
 */
export function payloadCodec(envelope: Envelope): Codec<unknown> | null {
  const spec = messageSpec(envelope.type);
  if (spec === null) return null;
  if (spec.kind === 'reply') return spec.reply;
  if ((envelope.flags & FLAG_RESPONSE) === 0) return spec.request;
  if (envelope.type === types.PEX_OFFER && envelope.payload.length > 0) {
    return MESSAGES[types.PEX_REQUEST].reply as Codec<unknown>;
  }
  return spec.reply;
}
