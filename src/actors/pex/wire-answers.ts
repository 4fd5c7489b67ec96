import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { UNSUPPORTED_MESSAGE_TYPE, undecodable } from '../../protocol/wire/errors.ts';
import { PEX_OFFER, PEX_REQUEST } from '../../protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { PeerBook } from './peer-book.ts';

/** What peers ask of the exchange of peers. `own`: what this node tells of itself. */
export function answerWire(
  book: PeerBook,
  own: readonly string[],
  { type, payload, peer }: WireRequest,
): WireReply {
  try {
    switch (type) {
      case PEX_OFFER:
        book.offered(peer.nodeKey, decodeRequest(PEX_OFFER, payload).peers);
        return { payload: encodeReply(PEX_OFFER, null) };
      case PEX_REQUEST: {
        const { maxPeers } = decodeRequest(PEX_REQUEST, payload);
        return { payload: encodeReply(PEX_REQUEST, { peers: book.answer(peer, maxPeers, own) }) };
      }
      default:
        return { error: UNSUPPORTED_MESSAGE_TYPE };
    }
  } catch (error) {
    if (error instanceof DecodeError) return { error: undecodable(error) };
    throw error;
  }
}
