import {
  arrayOf,
  bool,
  bytes,
  field,
  id32,
  nullable,
  octetArray,
  omittable,
  text,
  textStruct,
  u16,
} from '../cbor/codec.ts';
import { type PublicShareSummary, publicShareSummary } from './public-share.ts';

/** 404 */
export interface GetCommunityStatus {
  readonly communityShareId: Uint8Array;
  readonly communitySharePubkey: Uint8Array;
}

export const getCommunityStatus = textStruct<GetCommunityStatus>({
  communityShareId: field('community_share_id', id32),
  communitySharePubkey: field('community_share_pubkey', id32),
});

/** 405 */
export interface CommunityStatus {
  readonly communityShareId: Uint8Array;
  readonly joined: boolean;
  /** An encoded membership token; a view on the message it came in. */
  readonly membershipProof: Uint8Array | null;
  readonly name: string | null;
}

export const communityStatus = textStruct<CommunityStatus>({
  communityShareId: field('community_share_id', id32),
  joined: field('joined', bool),
  membershipProof: nullable('membership_proof', bytes),
  name: omittable('name', text),
});

/** 406 */
export interface ListCommunityPublicShares {
  readonly communityShareId: Uint8Array;
  readonly communitySharePubkey: Uint8Array;
  readonly maxEntries: number;
  readonly requesterNodePubkey: Uint8Array | null;
  readonly requesterMembershipProof: Uint8Array | null;
}

export const listCommunityPublicShares = textStruct<ListCommunityPublicShares>({
  communityShareId: field('community_share_id', id32),
  communitySharePubkey: field('community_share_pubkey', id32),
  maxEntries: field('max_entries', u16),
  requesterNodePubkey: omittable('requester_node_pubkey', id32),
  // An array of integers here, though the same token is a byte string in 405.
  requesterMembershipProof: omittable('requester_membership_proof', octetArray),
});

/** 407 */
export interface CommunityPublicShareList {
  readonly communityShareId: Uint8Array;
  readonly shares: readonly PublicShareSummary[];
}

export const communityPublicShareList = textStruct<CommunityPublicShareList>({
  communityShareId: field('community_share_id', id32),
  shares: field('shares', arrayOf(publicShareSummary)),
});
