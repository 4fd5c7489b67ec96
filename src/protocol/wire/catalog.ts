import { arrayOf, bytes, field, id32, textStruct, u16 } from '../cbor/codec.ts';
import { type PublicShareSummary, publicShareSummary } from './public-share.ts';

/** 400 */
export interface GetManifest {
  readonly manifestId: Uint8Array;
}

export const getManifest = textStruct<GetManifest>({ manifestId: field('manifest_id', id32) });

/** 401 */
export interface ManifestData {
  readonly manifestId: Uint8Array;
  /** The encoded manifest; a view on the message it came in. */
  readonly bytes: Uint8Array;
}

export const manifestData = textStruct<ManifestData>({
  manifestId: field('manifest_id', id32),
  bytes: field('bytes', bytes),
});

/** 402 */
export interface ListPublicShares {
  readonly maxEntries: number;
}

export const listPublicShares = textStruct<ListPublicShares>({ maxEntries: field('max_entries', u16) });

/** 403 */
export interface PublicShareList {
  readonly shares: readonly PublicShareSummary[];
}

export const publicShareList = textStruct<PublicShareList>({
  shares: field('shares', arrayOf(publicShareSummary)),
});
