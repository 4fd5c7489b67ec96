import { failure } from '../errors.ts';
import { DecodeError } from '../protocol/cbor/decode-error.ts';
import {
  decodeReply,
  encodeRequest,
  MESSAGES,
  type ReplyOf,
  type RequestOf,
  type RequestType,
} from '../protocol/wire/registry.ts';
import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { CallOptions, GroupRef, Ref } from '../supervisor/contract/ref.ts';
import type { PeerTarget, transportContract } from './transport/contract.ts';

type Transport = MessagesOf<typeof transportContract>;

/** The shard that keeps the session to a peer: found by its key, or by its address while the key is unknown. */
export function shardOf(transport: GroupRef<Transport>, peer: PeerTarget): Ref<Transport> {
  return transport.route(peer.nodeKey ?? peer.address);
}

/**
 * One request of the network to a peer, and its reply as a value; views in it are views on the message. Rejects with
 * what the transport answers, and with `E_PEER_PROTOCOL` for a reply that is not one.
 */
export async function askPeer<T extends RequestType>(
  transport: GroupRef<Transport>,
  peer: PeerTarget,
  type: T,
  request: RequestOf<T>,
  options: CallOptions,
): Promise<ReplyOf<T>> {
  const broke = (what: string) => failure('E_PEER_PROTOCOL', what, { subject: peer.address });
  const reply = await shardOf(transport, peer).ask(
    'request',
    { peer, type, payload: encodeRequest(type, request) },
    options,
  );
  if (reply.type !== MESSAGES[type].replyType) throw broke(`it answered with type ${reply.type}`);
  try {
    return decodeReply(type, reply.payload);
  } catch (error) {
    if (error instanceof DecodeError) throw broke(error.message);
    throw error;
  }
}
