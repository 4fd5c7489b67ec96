import { field, id32, omittable, text, textStruct, u64, variantOf } from '../cbor/codec.ts';
import { Writer } from '../cbor/writer.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verify } from '../crypto/ed25519.ts';
import { shareIdOf } from './ids.ts';
import { signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** A share says that it belongs to a community, signed by the share's key (SCP2P wire v2, section 9.13). */
export interface CommunityShareRecord {
  readonly communityId: Uint8Array;
  readonly shareId: Uint8Array;
  readonly sharePubkey: Uint8Array;
  readonly latestManifestId: Uint8Array;
  readonly latestSeq: bigint;
  readonly visibility: 'public';
  readonly updatedAt: bigint;
  /** Anybody can change title and description: the signature does not cover them. */
  readonly title: string | null;
  readonly description: string | null;
  readonly signature: Uint8Array;
}

export const communityShareRecord = textStruct<CommunityShareRecord>({
  communityId: field('community_id', id32),
  shareId: field('share_id', id32),
  sharePubkey: field('share_pubkey', id32),
  latestManifestId: field('latest_manifest_id', id32),
  latestSeq: field('latest_seq', u64),
  visibility: field('visibility', variantOf('public')),
  updatedAt: field('updated_at', u64),
  title: omittable('title', text),
  description: omittable('description', text),
  signature: field('signature', signatureBytes),
});

type UnsignedShareRecord = Omit<CommunityShareRecord, 'signature'>;

export function communityShareSigningInput(record: UnsignedShareRecord): Uint8Array {
  const w = new Writer(384);
  w.array(6).byteArray(record.communityId).byteArray(record.shareId).byteArray(record.sharePubkey);
  return w.byteArray(record.latestManifestId).uint(record.latestSeq).uint(record.updatedAt).finish();
}

export function signCommunityShare(
  shareKey: SigningKey,
  fields: Omit<CommunityShareRecord, 'signature' | 'shareId' | 'sharePubkey' | 'visibility'>,
): CommunityShareRecord {
  const unsigned: UnsignedShareRecord = {
    ...fields,
    shareId: shareIdOf(shareKey.publicKey),
    sharePubkey: shareKey.publicKey,
    visibility: 'public',
  };
  return { ...unsigned, signature: sign(shareKey.privateKey, communityShareSigningInput(unsigned)) };
}

export function verifyCommunityShare(record: CommunityShareRecord): Verdict<'wrong-share-id' | 'signature'> {
  if (!bytesEqual(shareIdOf(record.sharePubkey), record.shareId)) return invalid('wrong-share-id');
  const valid = verify(record.sharePubkey, communityShareSigningInput(record), record.signature);
  return valid ? VALID : invalid('signature');
}
