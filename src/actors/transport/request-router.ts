import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { MAX_DHT_VALUE } from '../../protocol/objects/dht-value.ts';
import { type Envelope, encodeFrame, FLAG_RESPONSE } from '../../protocol/wire/envelope.ts';
import {
  errorReply,
  TEMPORARILY_UNAVAILABLE,
  UNSUPPORTED_MESSAGE_TYPE,
  undecodable,
  unknownMessageType,
} from '../../protocol/wire/errors.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import * as types from '../../protocol/wire/message-types.ts';
import { decodeRequest, messageSpec } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { ShardContext } from './context.ts';
import { RequestRates } from './request-rates.ts';
import type { Peer } from './session.ts';

type Owner = 'store' | 'publish' | 'dht' | 'pex';

const OWNERS: ReadonlyMap<number, Owner> = new Map<number, Owner>([
  [types.PEX_OFFER, 'pex'],
  [types.PEX_REQUEST, 'pex'],
  [types.FIND_NODE, 'dht'],
  [types.FIND_VALUE, 'dht'],
  [types.STORE, 'dht'],
  [types.GET_MANIFEST, 'store'],
  [types.GET_CHUNK_HASHES, 'store'],
  [types.LIST_PUBLIC_SHARES, 'publish'],
  [types.GET_COMMUNITY_STATUS, 'publish'],
  [types.LIST_COMMUNITY_PUBLIC_SHARES, 'publish'],
  [types.LIST_COMMUNITY_MEMBERS_PAGE, 'publish'],
  [types.LIST_COMMUNITY_SHARES_PAGE, 'publish'],
  [types.SEARCH_COMMUNITY_SHARES, 'publish'],
  [types.LIST_COMMUNITY_EVENTS, 'publish'],
]);

/** How long an owner may take before the peer hears that we are busy: clients of the reference wait 3 s. */
const OWNER_MS = 3_000;

/**
 * No request of the network that this node serves comes near it. Decoding costs time, up to 200 ms for a MiB that was
 * made for it; what is longer is refused unread.
 */
const LONGEST_PAYLOAD = 16 * 1024;
/** A value of the DHT, its key and time. */
const LONGEST_STORE = MAX_DHT_VALUE + 256;
const TOO_LONG = 'request exceeds max size';

/** What becomes of one request. */
export type Route =
  /** Answered: a whole frame. */
  | { readonly kind: 'frame'; readonly frame: Uint8Array }
  | { readonly kind: 'chunk'; readonly reqId: number; readonly contentId: Uint8Array; readonly index: number }
  /** Another actor answers. The promise never rejects. */
  | { readonly kind: 'owner'; ask(): Promise<OwnerAnswer> };

export interface OwnerAnswer {
  /** Whole. */
  readonly frame: Uint8Array;
  /** The request deserved nothing better; not so when it was our fault. */
  readonly refused: boolean;
}

/** Decides who answers a request of a peer. */
export class RequestRouter {
  readonly #context: ShardContext;
  readonly #rates = new RequestRates();

  constructor(context: ShardContext) {
    this.#context = context;
  }

  /** `neighbourhood`: where the peer comes from, if that says anything. */
  route(request: Envelope, peer: Peer, neighbourhood?: string): Route {
    const { type, reqId } = request;
    const refused = this.#rates.admit(peer, type, this.#context.clock.now());
    if (refused !== null) return refuse(request, refused);
    const spec = messageSpec(type, peer.dialect);
    if (spec === null) return refuse(request, unknownMessageType(type));
    const longest = type === types.STORE ? LONGEST_STORE : LONGEST_PAYLOAD;
    if (request.payload.length > longest) return refuse(request, TOO_LONG);
    if (type === types.GET_CHUNK) return chunkRoute(request);
    if (spec.kind === 'reply') {
      return refuse(request, faultOf(request.payload, spec.reply.read) ?? UNSUPPORTED_MESSAGE_TYPE);
    }
    const owner = OWNERS.get(type);
    if (type === types.HAVE_CONTENT) {
      const fault = faultOf(request.payload, spec.request.read);
      return fault === null ? acknowledge(request) : refuse(request, fault);
    }
    if (owner === undefined) {
      return refuse(request, faultOf(request.payload, spec.request.read) ?? notServed(type));
    }
    // The payload crosses to another thread: alone, not with the buffer it lies in.
    const payload = new Uint8Array(request.payload);
    const { nodeKey, dialect } = peer;
    const wire = { type, payload, peer: { nodeKey, dialect, neighbourhood } };
    return {
      kind: 'owner',
      ask: async () => {
        const reply = await this.#ask(owner, wire);
        if (type === types.GET_CHUNK_HASHES && 'error' in reply) {
          this.#rates.missedList(peer, this.#context.clock.now());
        }
        const refused = 'error' in reply && reply.error !== TEMPORARILY_UNAVAILABLE;
        return { frame: replyFrame({ type, reqId }, spec.replyType, reply), refused };
      },
    };
  }

  /** The chunk that a peer asked for is not here. */
  missed(peer: Peer, contentId: Uint8Array): void {
    this.#rates.missed(peer, toHex(contentId), this.#context.clock.now());
  }

  async #ask(owner: Owner, request: WireRequest): Promise<WireReply> {
    try {
      const { store, publish, dht, pex } = this.#context.refs;
      const options = { deadlineMs: OWNER_MS };
      if (owner === 'store') return await store.ask('wire', request, options);
      if (owner === 'publish') return await publish.ask('wire', request, options);
      if (owner === 'pex') return await pex.ask('wire', request, options);
      return await dht.ask('wire', request, options);
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      this.#context.log.warn({ owner, type: request.type, code: error.code }, 'a peer got no answer');
      return { error: TEMPORARILY_UNAVAILABLE };
    }
  }
}

function replyFrame(
  request: { type: number; reqId: number },
  replyType: number,
  reply: WireReply,
): Uint8Array {
  if ('error' in reply) return encodeFrame(errorReply(request, reply.error));
  // What is longer no client of the network would read.
  if (reply.payload.length > MAX_PAYLOAD) return encodeFrame(errorReply(request, 'reply exceeds max size'));
  return encodeFrame({
    type: replyType,
    reqId: request.reqId,
    flags: FLAG_RESPONSE,
    payload: reply.payload,
  });
}

export const refuse = (request: Pick<Envelope, 'type' | 'reqId'>, text: string): Route => ({
  kind: 'frame',
  frame: encodeFrame(errorReply(request, text)),
});

/** Of what a peer says it has nothing is kept: the network answers, and never relies on it. */
const acknowledge = ({ type, reqId }: Pick<Envelope, 'type' | 'reqId'>): Route => ({
  kind: 'frame',
  frame: encodeFrame({ type, reqId, flags: FLAG_RESPONSE, payload: new Uint8Array(0) }),
});

function chunkRoute(request: Envelope): Route {
  try {
    const { contentId, chunkIndex } = decodeRequest(types.GET_CHUNK, request.payload);
    return { kind: 'chunk', reqId: request.reqId, contentId: new Uint8Array(contentId), index: chunkIndex };
  } catch (error) {
    if (error instanceof DecodeError) return refuse(request, undecodable(error));
    throw error;
  }
}

/** The reference decodes also what it then refuses, and tells of the decoding first. Null: it decodes. */
function faultOf(payload: Uint8Array, read: (r: Reader) => unknown): string | null {
  try {
    read(new Reader(payload));
    return null;
  } catch (error) {
    if (error instanceof DecodeError) return undecodable(error);
    throw error;
  }
}

const notServed = (type: number): string => `message type ${type} is not served by this node`;
