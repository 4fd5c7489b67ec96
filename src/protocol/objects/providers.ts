import { arrayOf, field, id32, textStruct, u64 } from '../cbor/codec.ts';
import { type PeerAddr, peerAddr } from '../wire/peer-addr.ts';

/** Who has a content (SCP2P wire, section 9.7). Nobody signs it: a hint, never more. */
export interface Providers {
  readonly contentId: Uint8Array;
  readonly providers: readonly PeerAddr[];
  readonly updatedAt: bigint;
}

export const providers = textStruct<Providers>({
  contentId: field('content_id', id32),
  providers: field('providers', arrayOf(peerAddr)),
  updatedAt: field('updated_at', u64),
});
