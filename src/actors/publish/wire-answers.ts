import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { bytesEqual, fromHex } from '../../protocol/crypto/bytes.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import { UNSUPPORTED_MESSAGE_TYPE, undecodable } from '../../protocol/wire/errors.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import * as types from '../../protocol/wire/message-types.ts';
import type { PublicShareSummary } from '../../protocol/wire/public-share.ts';
import { decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import type { OwnShare } from '../share-types.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { PublishContext } from './context.ts';

/** In the reference's words. */
const WRONG_COMMUNITY = 'community share_id does not match share_pubkey';
/** Octets of a line of the list without its title: three lists of up to 66 octets, names, numbers. */
const LINE = 384;

/**
 * What the network asks of own shares. Of communities it gets true answers of a node that has joined none
 * (DECISIONS, D5): whatever the community, nothing is in it.
 */
export async function answerWire(
  context: PublishContext,
  { type, payload }: WireRequest,
): Promise<WireReply> {
  try {
    switch (type) {
      case types.LIST_PUBLIC_SHARES:
        return await publicShares(context, decodeRequest(type, payload).maxEntries);
      case types.GET_COMMUNITY_STATUS: {
        const { communityShareId, communitySharePubkey } = decodeRequest(type, payload);
        if (!isCommunity(communityShareId, communitySharePubkey)) return { error: WRONG_COMMUNITY };
        const status = { communityShareId, joined: false, membershipProof: null, name: null };
        return { payload: encodeReply(type, status) };
      }
      case types.LIST_COMMUNITY_PUBLIC_SHARES: {
        const { communityShareId, communitySharePubkey } = decodeRequest(type, payload);
        if (!isCommunity(communityShareId, communitySharePubkey)) return { error: WRONG_COMMUNITY };
        return { payload: encodeReply(type, { communityShareId, shares: [] }) };
      }
      case types.LIST_COMMUNITY_MEMBERS_PAGE:
      case types.LIST_COMMUNITY_SHARES_PAGE: {
        const { communityId } = decodeRequest(type, payload);
        return { payload: encodeReply(type, { communityId, entries: [], nextCursor: null }) };
      }
      case types.SEARCH_COMMUNITY_SHARES: {
        const { communityId } = decodeRequest(type, payload);
        return { payload: encodeReply(type, { communityId, hits: [], nextCursor: null }) };
      }
      case types.LIST_COMMUNITY_EVENTS: {
        const { communityId } = decodeRequest(type, payload);
        return { payload: encodeReply(type, { communityId, events: [], nextCursor: null }) };
      }
      default:
        return { error: UNSUPPORTED_MESSAGE_TYPE };
    }
  } catch (error) {
    if (error instanceof DecodeError) return { error: undecodable(error) };
    throw error;
  }
}

/** Newest first. At least one, whatever is asked for, as the reference does; as many as fit a reply. */
async function publicShares({ refs }: PublishContext, maxEntries: number): Promise<WireReply> {
  const own = await withVolumes(refs, await refs.store.ask('ownShares', null), maxEntries);
  const shares: PublicShareSummary[] = [];
  let room = MAX_PAYLOAD - LINE;
  for (const share of own) {
    const summary = summaryOf(share);
    if (summary === null) continue;
    room -= LINE + Buffer.byteLength(summary.title ?? '');
    if (room < 0) break;
    shares.push(summary);
    if (shares.length >= maxEntries) break;
  }
  return { payload: encodeReply(types.LIST_PUBLIC_SHARES, { shares }) };
}

/**
 * The volumes of public collections as well: nodes of the reference subscribe to each by itself. They come after all
 * shares that say more of themselves.
 */
async function withVolumes(
  refs: PublishContext['refs'],
  own: readonly OwnShare[],
  maxEntries: number,
): Promise<readonly OwnShare[]> {
  const shares = own.filter(isTold).toSorted(newestFirst);
  for (const { shareId, volumes } of own.filter(isTold)) {
    if (shares.length >= maxEntries) break;
    if (volumes > 0) shares.push(...(await refs.store.ask('ownVolumes', { shareId })));
  }
  return shares;
}

const isTold = (share: OwnShare): boolean => share.public && share.manifestId !== null;

/** Null: nobody is to know of it, or there is nothing to know yet. */
function summaryOf(share: OwnShare): PublicShareSummary | null {
  if (!isTold(share) || share.manifestId === null) return null;
  return {
    shareId: fromHex(share.shareId, 32)!,
    sharePubkey: fromHex(share.shareKey, 32)!,
    latestSeq: BigInt(share.seq),
    latestManifestId: fromHex(share.manifestId, 32)!,
    title: share.title,
    description: null,
  };
}

function newestFirst(a: OwnShare, b: OwnShare): number {
  return b.updatedAt - a.updatedAt || b.seq - a.seq || (a.shareId < b.shareId ? -1 : 1);
}

const isCommunity = (id: Uint8Array, key: Uint8Array): boolean => bytesEqual(shareIdOf(key), id);
