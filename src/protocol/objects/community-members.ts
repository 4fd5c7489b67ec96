import { arrayOf, encodeWith, field, id32, textStruct, u64 } from '../cbor/codec.ts';
import { type PeerAddr, peerAddr } from '../wire/peer-addr.ts';

/** The unsigned member list of a community, dialect 1 alone (SCP2P wire, sections 9.7 and 18). */
export interface CommunityMembers {
  readonly communityShareId: Uint8Array;
  readonly members: readonly PeerAddr[];
  readonly updatedAt: bigint;
}

export const communityMembers = textStruct<CommunityMembers>({
  communityShareId: field('community_share_id', id32),
  members: field('members', arrayOf(peerAddr)),
  updatedAt: field('updated_at', u64),
});

/**
 * Both lists of one community as one (SCP2P wire, section 10.4): the known members first, addresses equal in every
 * field once, the later date.
 */
export function mergeCommunityMembers(known: CommunityMembers, added: CommunityMembers): CommunityMembers {
  const seen = new Set<string>();
  const members: PeerAddr[] = [];
  for (const member of [...known.members, ...added.members]) {
    const name = Buffer.from(encodeWith(peerAddr, member)).toString('latin1');
    if (seen.has(name)) continue;
    seen.add(name);
    members.push(member);
  }
  const later = added.updatedAt > known.updatedAt ? added : known;
  return { communityShareId: known.communityShareId, members, updatedAt: later.updatedAt };
}
