import {
  arrayOf,
  type Codec,
  field,
  id32,
  nullable,
  omittable,
  text,
  textStruct,
  u16,
  u32,
  u64,
  variantOf,
} from '../cbor/codec.ts';
import { type CommunityEvent, communityEvent } from './community-event.ts';
import { type PeerAddr, peerAddr } from './peer-addr.ts';

/** 410. A cursor is what the last page gave, or null to start. */
export interface ListCommunityMembersPage {
  readonly communityId: Uint8Array;
  readonly cursor: string | null;
  readonly limit: number;
}

export const listCommunityMembersPage = textStruct<ListCommunityMembersPage>({
  communityId: field('community_id', id32),
  cursor: omittable('cursor', text),
  limit: field('limit', u16),
});

export type MemberStatus = 'joined' | 'left';
export const memberStatus: Codec<MemberStatus> = variantOf('joined', 'left');

export interface CommunityMemberSummary {
  readonly memberNodePubkey: Uint8Array;
  readonly status: MemberStatus;
  readonly announceSeq: bigint;
  readonly addr: PeerAddr | null;
}

export const communityMemberSummary = textStruct<CommunityMemberSummary>({
  memberNodePubkey: field('member_node_pubkey', id32),
  status: field('status', memberStatus),
  announceSeq: field('announce_seq', u64),
  addr: nullable('addr', peerAddr),
});

/** 411. No cursor: nothing follows. */
export interface CommunityMembersPage {
  readonly communityId: Uint8Array;
  readonly entries: readonly CommunityMemberSummary[];
  readonly nextCursor: string | null;
}

export const communityMembersPage = textStruct<CommunityMembersPage>({
  communityId: field('community_id', id32),
  entries: field('entries', arrayOf(communityMemberSummary)),
  nextCursor: omittable('next_cursor', text),
});

/** 412 */
export interface ListCommunitySharesPage {
  readonly communityId: Uint8Array;
  readonly cursor: string | null;
  readonly limit: number;
  /** Only shares updated at this time or later. */
  readonly sinceUnix: bigint | null;
}

export const listCommunitySharesPage = textStruct<ListCommunitySharesPage>({
  communityId: field('community_id', id32),
  cursor: omittable('cursor', text),
  limit: field('limit', u16),
  sinceUnix: omittable('since_unix', u64),
});

export interface CommunityShareSummary {
  readonly shareId: Uint8Array;
  readonly sharePubkey: Uint8Array;
  readonly latestSeq: bigint;
  readonly title: string | null;
  readonly description: string | null;
  readonly updatedAt: bigint;
}

export const communityShareSummary = textStruct<CommunityShareSummary>({
  shareId: field('share_id', id32),
  sharePubkey: field('share_pubkey', id32),
  latestSeq: field('latest_seq', u64),
  title: omittable('title', text),
  description: omittable('description', text),
  updatedAt: field('updated_at', u64),
});

/** 413 */
export interface CommunitySharesPage {
  readonly communityId: Uint8Array;
  readonly entries: readonly CommunityShareSummary[];
  readonly nextCursor: string | null;
}

export const communitySharesPage = textStruct<CommunitySharesPage>({
  communityId: field('community_id', id32),
  entries: field('entries', arrayOf(communityShareSummary)),
  nextCursor: omittable('next_cursor', text),
});

/** 414 */
export interface SearchCommunityShares {
  readonly communityId: Uint8Array;
  readonly query: string;
  readonly cursor: string | null;
  readonly limit: number;
}

export const searchCommunityShares = textStruct<SearchCommunityShares>({
  communityId: field('community_id', id32),
  query: field('query', text),
  cursor: omittable('cursor', text),
  limit: field('limit', u16),
});

export interface CommunitySearchHit {
  readonly shareId: Uint8Array;
  readonly sharePubkey: Uint8Array;
  readonly latestSeq: bigint;
  readonly title: string | null;
  readonly description: string | null;
  readonly score: number;
}

const communitySearchHit = textStruct<CommunitySearchHit>({
  shareId: field('share_id', id32),
  sharePubkey: field('share_pubkey', id32),
  latestSeq: field('latest_seq', u64),
  title: omittable('title', text),
  description: omittable('description', text),
  score: field('score', u32),
});

/** 415 */
export interface CommunitySearchResults {
  readonly communityId: Uint8Array;
  readonly hits: readonly CommunitySearchHit[];
  readonly nextCursor: string | null;
}

export const communitySearchResults = textStruct<CommunitySearchResults>({
  communityId: field('community_id', id32),
  hits: field('hits', arrayOf(communitySearchHit)),
  nextCursor: omittable('next_cursor', text),
});

/** 416. A limit of 0 ends the session of a reference node: never send it (SCP2P wire v2, section 22). */
export interface ListCommunityEvents {
  readonly communityId: Uint8Array;
  readonly sinceCursor: string | null;
  readonly limit: number;
}

export const listCommunityEvents = textStruct<ListCommunityEvents>({
  communityId: field('community_id', id32),
  sinceCursor: omittable('since_cursor', text),
  limit: field('limit', u16),
});

/** 417. The cursor comes with every event, so that it can be kept. */
export interface CommunityEvents {
  readonly communityId: Uint8Array;
  readonly events: readonly CommunityEvent[];
  readonly nextCursor: string | null;
}

export const communityEvents = textStruct<CommunityEvents>({
  communityId: field('community_id', id32),
  events: field('events', arrayOf(communityEvent)),
  nextCursor: omittable('next_cursor', text),
});
