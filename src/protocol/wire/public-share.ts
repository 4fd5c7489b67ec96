import { field, id32, nullable, text, textStruct, u64 } from '../cbor/codec.ts';

/** A line of a node's list of shares (SCP2P wire, section 5). Nothing in it is signed. */
export interface PublicShareSummary {
  readonly shareId: Uint8Array;
  readonly sharePubkey: Uint8Array;
  readonly latestSeq: bigint;
  readonly latestManifestId: Uint8Array;
  readonly title: string | null;
  readonly description: string | null;
}

export const publicShareSummary = textStruct<PublicShareSummary>({
  shareId: field('share_id', id32),
  sharePubkey: field('share_pubkey', id32),
  latestSeq: field('latest_seq', u64),
  latestManifestId: field('latest_manifest_id', id32),
  title: nullable('title', text),
  description: nullable('description', text),
});
