import type { Codec } from '../cbor/codec.ts';
import { encodeWith } from '../cbor/codec.ts';
import { Reader } from '../cbor/reader.ts';
import type { Dialect } from '../dialect.ts';
import { dialectKnowsType } from '../dialect.ts';
import { providers } from '../objects/providers.ts';
import { getManifest, listPublicShares, manifestData, publicShareList } from './catalog.ts';
import {
  communityPublicShareList,
  communityStatus,
  getCommunityStatus,
  listCommunityPublicShares,
} from './community.ts';
import {
  communityEvents,
  communityMembersPage,
  communitySearchResults,
  communitySharesPage,
  listCommunityEvents,
  listCommunityMembersPage,
  listCommunitySharesPage,
  searchCommunityShares,
} from './community-pages.ts';
import { chunkData, chunkHashList, getChunk, getChunkHashes, haveContent } from './content.ts';
import { findNode, findNodeResult, findValue, findValueResult, store } from './dht.ts';
import * as types from './message-types.ts';
import { pexOffer, pexRequest } from './pex.ts';
import {
  relayConnect,
  relayListRequest,
  relayListResponse,
  relayRegister,
  relayRegistered,
  relayStream,
} from './relay.ts';

/** A message that may be sent as a request, and what answers it. */
export interface RequestSpec<Request, Reply> {
  readonly kind: 'request';
  readonly name: string;
  readonly request: Codec<Request>;
  readonly replyType: number;
  readonly reply: Codec<Reply>;
}

/** A message that only ever answers; sent as a request it is refused. */
export interface ReplySpec<Reply> {
  readonly kind: 'reply';
  readonly name: string;
  readonly reply: Codec<Reply>;
}

export type MessageSpec = RequestSpec<unknown, unknown> | ReplySpec<unknown>;

/** The payload of a bare acknowledgement: no octet at all. */
const acknowledgement: Codec<null> = { read: () => null, write: () => {} };

function ask<Request, Reply>(
  name: string,
  request: Codec<Request>,
  replyType: number,
  reply: Codec<Reply>,
): RequestSpec<Request, Reply> {
  return { kind: 'request', name, request, replyType, reply };
}

function answer<Reply>(name: string, reply: Codec<Reply>): ReplySpec<Reply> {
  return { kind: 'reply', name, reply };
}

/** Every message of the network by its number (SCP2P wire, section 6, and wire v2, section 6). */
export const MESSAGES = {
  [types.PEX_OFFER]: ask('PexOffer', pexOffer, types.PEX_OFFER, acknowledgement),
  [types.PEX_REQUEST]: ask('PexRequest', pexRequest, types.PEX_OFFER, pexOffer),
  [types.FIND_NODE]: ask('FindNode', findNode, types.FIND_NODE, findNodeResult),
  [types.FIND_VALUE]: ask('FindValue', findValue, types.FIND_VALUE, findValueResult),
  [types.STORE]: ask('Store', store, types.STORE, acknowledgement),
  [types.GET_MANIFEST]: ask('GetManifest', getManifest, types.MANIFEST_DATA, manifestData),
  [types.MANIFEST_DATA]: answer('ManifestData', manifestData),
  [types.LIST_PUBLIC_SHARES]: ask(
    'ListPublicShares',
    listPublicShares,
    types.PUBLIC_SHARE_LIST,
    publicShareList,
  ),
  [types.PUBLIC_SHARE_LIST]: answer('PublicShareList', publicShareList),
  [types.GET_COMMUNITY_STATUS]: ask(
    'GetCommunityStatus',
    getCommunityStatus,
    types.COMMUNITY_STATUS,
    communityStatus,
  ),
  [types.COMMUNITY_STATUS]: answer('CommunityStatus', communityStatus),
  [types.LIST_COMMUNITY_PUBLIC_SHARES]: ask(
    'ListCommunityPublicShares',
    listCommunityPublicShares,
    types.COMMUNITY_PUBLIC_SHARE_LIST,
    communityPublicShareList,
  ),
  [types.COMMUNITY_PUBLIC_SHARE_LIST]: answer('CommunityPublicShareList', communityPublicShareList),
  [types.LIST_COMMUNITY_MEMBERS_PAGE]: ask(
    'ListCommunityMembersPage',
    listCommunityMembersPage,
    types.COMMUNITY_MEMBERS_PAGE,
    communityMembersPage,
  ),
  [types.COMMUNITY_MEMBERS_PAGE]: answer('CommunityMembersPage', communityMembersPage),
  [types.LIST_COMMUNITY_SHARES_PAGE]: ask(
    'ListCommunitySharesPage',
    listCommunitySharesPage,
    types.COMMUNITY_SHARES_PAGE,
    communitySharesPage,
  ),
  [types.COMMUNITY_SHARES_PAGE]: answer('CommunitySharesPage', communitySharesPage),
  [types.SEARCH_COMMUNITY_SHARES]: ask(
    'SearchCommunityShares',
    searchCommunityShares,
    types.COMMUNITY_SEARCH_RESULTS,
    communitySearchResults,
  ),
  [types.COMMUNITY_SEARCH_RESULTS]: answer('CommunitySearchResults', communitySearchResults),
  [types.LIST_COMMUNITY_EVENTS]: ask(
    'ListCommunityEvents',
    listCommunityEvents,
    types.COMMUNITY_EVENTS,
    communityEvents,
  ),
  [types.COMMUNITY_EVENTS]: answer('CommunityEvents', communityEvents),
  [types.RELAY_REGISTER]: ask('RelayRegister', relayRegister, types.RELAY_REGISTERED, relayRegistered),
  [types.RELAY_REGISTERED]: answer('RelayRegistered', relayRegistered),
  [types.RELAY_CONNECT]: ask('RelayConnect', relayConnect, types.RELAY_CONNECT, acknowledgement),
  [types.RELAY_STREAM]: ask('RelayStream', relayStream, types.RELAY_STREAM, relayStream),
  [types.RELAY_LIST_REQUEST]: ask(
    'RelayListRequest',
    relayListRequest,
    types.RELAY_LIST_RESPONSE,
    relayListResponse,
  ),
  [types.RELAY_LIST_RESPONSE]: answer('RelayListResponse', relayListResponse),
  // A value of the DHT with a number of its own: nobody asks for it, nobody answers with it.
  [types.PROVIDERS]: answer('Providers', providers),
  [types.HAVE_CONTENT]: ask('HaveContent', haveContent, types.HAVE_CONTENT, acknowledgement),
  [types.GET_CHUNK]: ask('GetChunk', getChunk, types.CHUNK_DATA, chunkData),
  [types.CHUNK_DATA]: answer('ChunkData', chunkData),
  [types.GET_CHUNK_HASHES]: ask('GetChunkHashes', getChunkHashes, types.CHUNK_HASH_LIST, chunkHashList),
  [types.CHUNK_HASH_LIST]: answer('ChunkHashList', chunkHashList),
} as const;

type Messages = typeof MESSAGES;
export type MessageType = keyof Messages;

/** The types that may be asked. */
export type RequestType = {
  [T in MessageType]: Messages[T] extends RequestSpec<infer _Q, infer _A> ? T : never;
}[MessageType];

type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** The payload of a request of type T. */
export type RequestOf<T extends RequestType> = ValueOf<Messages[T]['request']>;
/** The payload of the reply to a request of type T; null: an empty acknowledgement. */
export type ReplyOf<T extends RequestType> = ValueOf<Messages[T]['reply']>;

const byType: ReadonlyMap<number, MessageSpec> = new Map(
  Object.entries(MESSAGES).map(([type, spec]) => [Number(type), spec as MessageSpec]),
);

/** The message with this number, or null when it is unknown: to nodes of that dialect, or, without one, to all. */
export function messageSpec(type: number, dialect?: Dialect): MessageSpec | null {
  if (dialect !== undefined && !dialectKnowsType(dialect, type)) return null;
  return byType.get(type) ?? null;
}

/** The payload of a request. */
export function encodeRequest<T extends RequestType>(type: T, value: RequestOf<T>): Uint8Array {
  return encodeWith(MESSAGES[type].request as Codec<RequestOf<T>>, value);
}

/** Throws DecodeError. Views in the result are views on `payload`. */
export function decodeRequest<T extends RequestType>(type: T, payload: Uint8Array): RequestOf<T> {
  return (MESSAGES[type].request as Codec<RequestOf<T>>).read(new Reader(payload));
}

/** The payload of the reply to a request of this type. */
export function encodeReply<T extends RequestType>(type: T, value: ReplyOf<T>): Uint8Array {
  return encodeWith(MESSAGES[type].reply as unknown as Codec<ReplyOf<T>>, value);
}

/** Throws DecodeError. Views in the result are views on `payload`. */
export function decodeReply<T extends RequestType>(type: T, payload: Uint8Array): ReplyOf<T> {
  return (MESSAGES[type].reply as unknown as Codec<ReplyOf<T>>).read(new Reader(payload));
}
