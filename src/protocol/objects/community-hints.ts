import { arrayOf, type Codec, field, id32, optional, textStruct, u16, u64 } from '../cbor/codec.ts';
import {
  type CommunityMemberSummary,
  type CommunityShareSummary,
  communityMemberSummary,
  communityShareSummary,
} from '../wire/community-pages.ts';
import { type PeerAddr, peerAddr } from '../wire/peer-addr.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** The unsigned records of communities (SCP2P wire v2, section 9.14): anybody may store them, advice at best. */

export const MAX_SAMPLE_MEMBERS = 16;
export const MAX_INDEX_PEERS = 8;
/** Entries of a full page. */
export const PAGE_ENTRIES = 100;

export interface CommunityBootstrapHint {
  readonly communityId: Uint8Array;
  readonly memberCountEstimate: bigint;
  readonly sampleMembers: readonly PeerAddr[];
  /** Who may hold an index of the community; null for none. */
  readonly indexPeers: readonly PeerAddr[] | null;
  readonly updatedAt: bigint;
}

const peers = arrayOf(peerAddr);

/** An empty list is the same as none, and none is not written. */
const indexPeers: Codec<readonly PeerAddr[] | null> = {
  read(r) {
    const list = optional(peers).read(r);
    return list?.length === 0 ? null : list;
  },
  write: optional(peers).write,
};

export const communityBootstrapHint = textStruct<CommunityBootstrapHint>({
  communityId: field('community_id', id32),
  memberCountEstimate: field('member_count_estimate', u64),
  sampleMembers: field('sample_members', peers),
  indexPeers: { key: 'index_peers', codec: indexPeers, missing: null, omit: true },
  updatedAt: field('updated_at', u64),
});

export function checkBootstrapHint(hint: CommunityBootstrapHint): Verdict<'too-many-peers'> {
  const fits =
    hint.sampleMembers.length <= MAX_SAMPLE_MEMBERS && (hint.indexPeers?.length ?? 0) <= MAX_INDEX_PEERS;
  return fits ? VALID : invalid('too-many-peers');
}

/** A page of a community's list, made ahead for one hour. */
export interface MaterializedPage<Entry> {
  readonly communityId: Uint8Array;
  readonly bucket: bigint;
  /** From 0. */
  readonly pageNo: number;
  readonly totalPages: number;
  readonly entries: readonly Entry[];
  readonly builtAt: bigint;
}

function pageOf<Entry>(entry: Codec<Entry>): Codec<MaterializedPage<Entry>> {
  return textStruct<MaterializedPage<Entry>>({
    communityId: field('community_id', id32),
    bucket: field('bucket', u64),
    pageNo: field('page_no', u16),
    totalPages: field('total_pages', u16),
    entries: field('entries', arrayOf(entry)),
    builtAt: field('built_at', u64),
  });
}

/** Joined members only. */
export type MaterializedMembersPage = MaterializedPage<CommunityMemberSummary>;
export type MaterializedSharesPage = MaterializedPage<CommunityShareSummary>;
export const materializedMembersPage = pageOf(communityMemberSummary);
export const materializedSharesPage = pageOf(communityShareSummary);

export function checkMaterializedPage(page: MaterializedPage<unknown>): Verdict<'page-number'> {
  return page.pageNo < page.totalPages ? VALID : invalid('page-number');
}

/** `entries` cut into the pages of one hour; an empty list gives none. */
export function materialize<Entry>(
  communityId: Uint8Array,
  bucket: bigint,
  builtAt: bigint,
  entries: readonly Entry[],
): MaterializedPage<Entry>[] {
  const totalPages = Math.ceil(entries.length / PAGE_ENTRIES);
  return Array.from({ length: totalPages }, (_, pageNo) => ({
    communityId,
    bucket,
    pageNo,
    totalPages,
    entries: entries.slice(pageNo * PAGE_ENTRIES, (pageNo + 1) * PAGE_ENTRIES),
    builtAt,
  }));
}
