import fc from 'fast-check';
import type { Capabilities, ReceivedCapabilities } from '../../../src/protocol/wire/capabilities.ts';
import type { CommunityEvent } from '../../../src/protocol/wire/community-event.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import type { MessageType, ReplyOf, RequestOf, RequestType } from '../../../src/protocol/wire/registry.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const id = octets(32);
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 5 });

const plainPeer = fc.record({
  ip: fc.oneof(octets(4), octets(16)),
  port: u16,
  transport: fc.constantFrom('quic' as const, 'tcp' as const),
  pubkeyHint: optional(id),
  relayVia: fc.constant(null),
});
export const peer: fc.Arbitrary<PeerAddr> = fc.oneof(
  plainPeer,
  fc
    .tuple(plainPeer, plainPeer, u64)
    .map(([address, relayAddr, slotId]) => ({ ...address, relayVia: { relayAddr, slotId } })),
);

export const capabilities: fc.Arbitrary<Capabilities> = fc.record({
  dht: fc.boolean(),
  store: fc.boolean(),
  relay: fc.boolean(),
  contentSeed: fc.boolean(),
  mobileLight: fc.boolean(),
  communityPagedBrowse: fc.boolean(),
  communitySearch: fc.boolean(),
  communityDeltaSync: fc.boolean(),
});

const receivedCapabilities: fc.Arbitrary<ReceivedCapabilities> = fc
  .tuple(capabilities, fc.constantFrom(5 as const, 8 as const))
  .map(([value, keys]) => {
    const none = { communityPagedBrowse: false, communitySearch: false, communityDeltaSync: false };
    return { ...value, ...(keys === 5 ? none : {}), keys };
  });

const announcement = fc.record({
  relayPubkey: id,
  relayAddrs: list(peer),
  capabilities: receivedCapabilities,
  capacity: fc.record({
    maxTunnels: u16,
    bandwidthClass: fc.constantFrom('Low' as const, 'Medium' as const, 'High' as const),
    maxBytesPerTunnel: optional(u64),
  }),
  issuedAt: u64,
  expiresAt: u64,
  signature: octets(64),
});

// The ttl above 2^63 is the one value that does not come back.
const store = fc.record({
  key: id,
  value: fc.uint8Array(),
  ttlSecs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});
const share = fc.record({
  shareId: id,
  sharePubkey: id,
  latestSeq: u64,
  latestManifestId: id,
  title: optional(text),
  description: optional(text),
});
const stream = fc.record({
  relaySlotId: u64,
  streamId: u32,
  kind: fc.constantFrom('control' as const, 'content' as const),
  payload: fc.uint8Array(),
});
const event: fc.Arbitrary<CommunityEvent> = fc.oneof(
  fc.record({
    type: fc.constantFrom('member_joined' as const, 'member_left' as const),
    memberNodePubkey: id,
    announceSeq: u64,
  }),
  fc.record({
    type: fc.constant('share_upserted' as const),
    shareId: id,
    latestSeq: u64,
    title: optional(text),
  }),
);
const pageRequest = { communityId: id, cursor: optional(text), limit: u16 };
const page = { communityId: id, nextCursor: optional(text) };
const shareLine = {
  shareId: id,
  sharePubkey: id,
  latestSeq: u64,
  title: optional(text),
  description: optional(text),
};
const communityShares = fc.record({ communityShareId: id, shares: list(share) });
const community = { communityShareId: id, communitySharePubkey: id };

export const requests: { readonly [T in RequestType]: fc.Arbitrary<RequestOf<T>> } = {
  100: fc.record({ peers: list(peer) }),
  101: fc.record({ maxPeers: fc.nat({ max: 255 }) }),
  200: fc.record({ targetNodeId: octets(20) }),
  201: fc.record({ key: id }),
  202: store,
  400: fc.record({ manifestId: id }),
  402: fc.record({ maxEntries: u16 }),
  404: fc.record(community),
  406: fc.record({
    ...community,
    maxEntries: u16,
    requesterNodePubkey: optional(id),
    requesterMembershipProof: optional(fc.uint8Array()),
  }),
  410: fc.record(pageRequest),
  412: fc.record({ ...pageRequest, sinceUnix: optional(u64) }),
  414: fc.record({ ...pageRequest, query: text }),
  416: fc.record({ communityId: id, sinceCursor: optional(text), limit: u16 }),
  450: fc.record({ relaySlotId: optional(u64), tunnel: fc.boolean() }),
  452: fc.record({ relaySlotId: u64 }),
  453: stream,
  460: fc.record({ maxCount: u16 }),
  499: fc.record({ contentId: id }),
  500: fc.record({ contentId: id, chunkIndex: u32 }),
  502: fc.record({ contentId: id }),
};

export const replies: { readonly [T in RequestType]: fc.Arbitrary<ReplyOf<T>> } = {
  100: fc.constant(null),
  101: fc.record({ peers: list(peer) }),
  200: fc.record({ peers: list(peer) }),
  201: fc.record({ value: optional(store), closerPeers: list(peer) }),
  202: fc.constant(null),
  400: fc.record({ manifestId: id, bytes: fc.uint8Array() }),
  402: fc.record({ shares: list(share) }),
  404: fc.record({
    communityShareId: id,
    joined: fc.boolean(),
    membershipProof: optional(fc.uint8Array()),
    name: optional(text),
  }),
  406: communityShares,
  410: fc.record({
    ...page,
    entries: list(
      fc.record({
        memberNodePubkey: id,
        status: fc.constantFrom('joined' as const, 'left' as const),
        announceSeq: u64,
        addr: optional(peer),
      }),
    ),
  }),
  412: fc.record({ ...page, entries: list(fc.record({ ...shareLine, updatedAt: u64 })) }),
  414: fc.record({ ...page, hits: list(fc.record({ ...shareLine, score: u32 })) }),
  416: fc.record({ ...page, events: list(event) }),
  450: fc.record({ relaySlotId: u64, expiresAt: u64 }),
  452: fc.constant(null),
  453: stream,
  460: fc.record({ announcements: list(announcement) }),
  499: fc.constant(null),
  500: fc.record({ contentId: id, chunkIndex: u32, bytes: fc.uint8Array() }),
  502: fc.record({ contentId: id, hashes: list(id).map((hashes) => new Uint8Array(Buffer.concat(hashes))) }),
};

/** The DHT value that has the number of a message. */
export const providers = fc.record({ contentId: id, providers: list(peer), updatedAt: u64 });

export const REQUEST_TYPES = Object.keys(requests).map(Number) as (RequestType & MessageType)[];
