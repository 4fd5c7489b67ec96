import { encodeWith, field, id32, textStruct, u64 } from '../cbor/codec.ts';
import { Reader } from '../cbor/reader.ts';
import { Writer } from '../cbor/writer.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verify } from '../crypto/ed25519.ts';
import { shareIdOf } from './ids.ts';
import { signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** A community's word that a node is its member (SCP2P wire, section 9.5). */
export interface MembershipToken {
  readonly communityShareId: Uint8Array;
  readonly memberNodePubkey: Uint8Array;
  readonly issuedAt: bigint;
  /** The last second in which it counts. */
  readonly expiresAt: bigint;
  readonly signature: Uint8Array;
}

export const membershipToken = textStruct<MembershipToken>({
  communityShareId: field('community_share_id', id32),
  memberNodePubkey: field('member_node_pubkey', id32),
  issuedAt: field('issued_at', u64),
  expiresAt: field('expires_at', u64),
  signature: field('signature', signatureBytes),
});

/** A token as it travels inside messages and records. Throws DecodeError. */
export function decodeMembershipToken(octets: Uint8Array): MembershipToken {
  return membershipToken.read(new Reader(octets));
}

export function encodeMembershipToken(token: MembershipToken): Uint8Array {
  return encodeWith(membershipToken, token);
}

export function membershipTokenSigningInput(token: Omit<MembershipToken, 'signature'>): Uint8Array {
  const w = new Writer(192);
  w.array(4).byteArray(token.communityShareId).byteArray(token.memberNodePubkey);
  return w.uint(token.issuedAt).uint(token.expiresAt).finish();
}

export function signMembershipToken(
  communityKey: SigningKey,
  token: Omit<MembershipToken, 'signature' | 'communityShareId'>,
): MembershipToken {
  const unsigned = { communityShareId: shareIdOf(communityKey.publicKey), ...token };
  return { ...unsigned, signature: sign(communityKey.privateKey, membershipTokenSigningInput(unsigned)) };
}

/**
 * Whether the token is of the community with this key. `now` null leaves out the expiry, as joining does.
 * The date of issue counts for nothing.
 */
export function verifyMembershipToken(
  token: MembershipToken,
  communityPubkey: Uint8Array,
  now: bigint | null,
): Verdict<'wrong-community' | 'expired' | 'signature'> {
  if (!bytesEqual(shareIdOf(communityPubkey), token.communityShareId)) return invalid('wrong-community');
  if (now !== null && now > token.expiresAt) return invalid('expired');
  const valid = verify(communityPubkey, membershipTokenSigningInput(token), token.signature);
  return valid ? VALID : invalid('signature');
}
