import { field, id32, textStruct, u64 } from '../cbor/codec.ts';
import { Writer } from '../cbor/writer.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verify } from '../crypto/ed25519.ts';
import { shareIdOf } from './ids.ts';
import { signatureArray } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** What is newest of a share, signed by its key (SCP2P wire, section 9.4). The key itself is not in it. */
export interface ShareHead {
  readonly shareId: Uint8Array;
  readonly latestSeq: bigint;
  readonly latestManifestId: Uint8Array;
  /** Seconds since 1970. */
  readonly updatedAt: bigint;
  readonly sig: Uint8Array;
}

export const shareHead = textStruct<ShareHead>({
  shareId: field('share_id', id32),
  latestSeq: field('latest_seq', u64),
  latestManifestId: field('latest_manifest_id', id32),
  updatedAt: field('updated_at', u64),
  sig: field('sig', signatureArray),
});

export function shareHeadSigningInput(head: Omit<ShareHead, 'sig'>): Uint8Array {
  const w = new Writer(192);
  w.array(4).byteArray(head.shareId).uint(head.latestSeq);
  return w.byteArray(head.latestManifestId).uint(head.updatedAt).finish();
}

export function signShareHead(key: SigningKey, head: Omit<ShareHead, 'sig' | 'shareId'>): ShareHead {
  const unsigned = { shareId: shareIdOf(key.publicKey), ...head };
  return { ...unsigned, sig: sign(key.privateKey, shareHeadSigningInput(unsigned)) };
}

/** Whether the head is of the share with this key and signed by it. */
export function verifyShareHead(
  head: ShareHead,
  sharePubkey: Uint8Array,
): Verdict<'wrong-share-id' | 'signature'> {
  if (!bytesEqual(shareIdOf(sharePubkey), head.shareId)) return invalid('wrong-share-id');
  return verify(sharePubkey, shareHeadSigningInput(head), head.sig) ? VALID : invalid('signature');
}

/** Positive when `a` is to be preferred: the higher sequence number, then the later date. Compare verified heads only. */
export function compareShareHeads(a: ShareHead, b: ShareHead): number {
  if (a.latestSeq !== b.latestSeq) return a.latestSeq > b.latestSeq ? 1 : -1;
  if (a.updatedAt !== b.updatedAt) return a.updatedAt > b.updatedAt ? 1 : -1;
  return 0;
}
