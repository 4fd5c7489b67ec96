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
import type { CallOptions, GroupRef } from '../supervisor/contract/ref.ts';
import type { Shard } from './every-shard.ts';
import type { PeerTarget, transportContract } from './transport/contract.ts';

type Transport = MessagesOf<typeof transportContract>;

/** The shard that keeps the session to a peer: found by its key, or by its address while the key is unknown. */
export function shardOf(transport: GroupRef<Transport>, peer: PeerTarget): Shard {
  return transport.route(peer.nodeKey ?? peer.address);
}

export interface AskOptions extends CallOptions {
  /** Octets of a reply that are read; a longer one is none. */
  readonly longest?: number;
}

/**
 * One request of the network to a peer, and its reply as a value; views in it are views on the message. Rejects with
 * what the transport answers, and with `E_PEER_PROTOCOL` for a reply that is not one.
 */
export function askPeer<T extends RequestType>(
  transport: GroupRef<Transport>,
  peer: PeerTarget,
  type: T,
  request: RequestOf<T>,
  options: AskOptions,
): Promise<ReplyOf<T>> {
  return askOver(shardOf(transport, peer), peer, type, request, options);
}

/** The same by way of the shard that has the session. */
export async function askOver<T extends RequestType>(
  shard: Shard,
  peer: PeerTarget,
  type: T,
  request: RequestOf<T>,
  { longest = Number.POSITIVE_INFINITY, ...options }: AskOptions,
): Promise<ReplyOf<T>> {
  const broke = (what: string) => failure('E_PEER_PROTOCOL', what, { subject: peer.address });
  const reply = await shard.ask('request', { peer, type, payload: encodeRequest(type, request) }, options);
  if (reply.type !== MESSAGES[type].replyType) throw broke(`it answered with type ${reply.type}`);
  if (reply.payload.length > longest) throw broke(`it answered with ${reply.payload.length} octets`);
  try {
    return decodeReply(type, reply.payload);
  } catch (error) {
    if (error instanceof DecodeError) throw broke(error.message);
    throw error;
  }
}
