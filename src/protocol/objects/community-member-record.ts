import { field, id32, omittable, textStruct, u64 } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import { Writer } from '../cbor/writer.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verify } from '../crypto/ed25519.ts';
import { type MemberStatus, memberStatus } from '../wire/community-pages.ts';
import { decodeMembershipToken } from './membership-token.ts';
import { copiedBytes, signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** A node says that it joined or left a community, signed by the node (SCP2P wire v2, section 9.12). */
export interface CommunityMemberRecord {
  readonly communityId: Uint8Array;
  readonly memberNodePubkey: Uint8Array;
  readonly announceSeq: bigint;
  readonly status: MemberStatus;
  readonly issuedAt: bigint;
  readonly expiresAt: bigint;
  readonly signature: Uint8Array;
  /** An encoded membership token; the signature does not cover it. */
  readonly authTokenBytes: Uint8Array | null;
}

export const communityMemberRecord = textStruct<CommunityMemberRecord>({
  communityId: field('community_id', id32),
  memberNodePubkey: field('member_node_pubkey', id32),
  announceSeq: field('announce_seq', u64),
  status: field('status', memberStatus),
  issuedAt: field('issued_at', u64),
  expiresAt: field('expires_at', u64),
  signature: field('signature', signatureBytes),
  authTokenBytes: omittable('auth_token_bytes', copiedBytes),
});

type UnsignedMemberRecord = Omit<CommunityMemberRecord, 'signature' | 'authTokenBytes'>;

export function communityMemberSigningInput(record: UnsignedMemberRecord): Uint8Array {
  const w = new Writer(192);
  w.array(6).byteArray(record.communityId).byteArray(record.memberNodePubkey).uint(record.announceSeq);
  return w
    .bool(record.status === 'joined')
    .uint(record.issuedAt)
    .uint(record.expiresAt)
    .finish();
}

export function signCommunityMember(
  nodeKey: SigningKey,
  fields: Omit<CommunityMemberRecord, 'signature' | 'memberNodePubkey'>,
): CommunityMemberRecord {
  const unsigned = { ...fields, memberNodePubkey: nodeKey.publicKey };
  return { ...unsigned, signature: sign(nodeKey.privateKey, communityMemberSigningInput(unsigned)) };
}

/**
 * Signature, and that a token is one of this community for this member. The token's own signature and all dates are
 * not looked at, as in the network.
 */
export function verifyCommunityMember(
  record: CommunityMemberRecord,
): Verdict<'signature' | 'token-malformed' | 'token-of-another'> {
  const input = communityMemberSigningInput(record);
  if (!verify(record.memberNodePubkey, input, record.signature)) return invalid('signature');
  if (record.authTokenBytes === null) return VALID;
  try {
    const token = decodeMembershipToken(record.authTokenBytes);
    const fits =
      bytesEqual(token.communityShareId, record.communityId) &&
      bytesEqual(token.memberNodePubkey, record.memberNodePubkey);
    return fits ? VALID : invalid('token-of-another');
  } catch (error) {
    if (error instanceof DecodeError) return invalid('token-malformed');
    throw error;
  }
}
