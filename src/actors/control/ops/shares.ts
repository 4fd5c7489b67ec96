import type { ItemEntry, ShareRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import { parseAddress } from '../../../protocol/addresses/address.ts';
import { fromHex } from '../../../protocol/crypto/bytes.ts';
import { formatShareLink, MAX_LINK_BOOTSTRAP } from '../../../protocol/links/share-link.ts';
import type { ItemRow, OwnShare, Subscription } from '../../store/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';
import { shareIdOf } from './share-name.ts';

export const shares: AskOperation<'shares'> = async (refs, _body, signal) => {
  const [own, subscribed, identity, addresses] = await Promise.all([
    refs.store.ask('ownShares', null, { signal }),
    refs.store.ask('subscriptions', null, { signal }),
    refs.store.ask('identity', null, { signal }),
    refs.acceptor.ask('addresses', null, { signal }),
  ]);
  const pinned = addresses.advertised.map((address) => `${address}@${identity.nodeKey}`);
  return { shares: [...own.map((share) => ownRow(share, pinned)), ...subscribed.map(subscribedRow)] };
};

export const items: AskOperation<'items'> = async (refs, body, signal) => {
  const shareId = await shareIdOf(refs, body.share, signal);
  const [ownShares, subscription] = await Promise.all([
    refs.store.ask('ownShares', null, { signal }),
    refs.store.ask('subscription', { shareId }, { signal }),
  ]);
  const own = ownShares.some((share) => share.shareId === shareId);
  if (!own && subscription === null) {
    throw failure('E_NOT_FOUND', 'neither published nor subscribed here', { subject: body.share });
  }
  const request = { shareId, cursor: body.cursor, limit: body.limit };
  const page = await refs.store.ask('items', request, { signal });
  const held = own ? new Set<string>() : await heldOf(refs, page.items, signal);
  const state = (item: ItemRow) => (own ? 'own' : held.has(item.contentId) ? 'held' : 'remote');
  return { items: page.items.map((item) => entry(item, state(item))), next: page.next };
};

/** The contents that this node could serve. */
async function heldOf(
  refs: ControlRefs,
  rows: readonly ItemRow[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const contentIds = rows.map((item) => item.contentId);
  const leases = await refs.store.ask('leases', { contentIds }, { signal });
  return new Set(leases.map(({ contentId }) => contentId));
}

function entry(item: ItemRow, state: ItemEntry['state']): ItemEntry {
  const { contentId, path, name, size, chunkCount } = item;
  return { content_id: contentId, path: path ?? name, name, size, chunks: chunkCount, state };
}

function ownRow(share: OwnShare, pinned: readonly string[]): ShareRow {
  return {
    share_id: share.shareId,
    own: true,
    name: share.name,
    title: share.title,
    public: share.public,
    seq: share.seq,
    manifest_id: share.manifestId,
    items: share.items,
    bytes: share.bytes,
    updated_at: instant(share.updatedAt),
    link: linkOf(share.shareKey, pinned),
  };
}

function linkOf(shareKey: string, pinned: readonly string[]): string | null {
  const key = fromHex(shareKey, 32);
  const parsed = pinned.slice(0, MAX_LINK_BOOTSTRAP).map((address) => parseAddress(address));
  return (
    key &&
    formatShareLink(
      key,
      parsed.flatMap((result) => (result.ok ? [result.address] : [])),
    )
  );
}

function subscribedRow(subscription: Subscription): ShareRow {
  return {
    share_id: subscription.shareId,
    own: false,
    name: null,
    title: subscription.title,
    public: null,
    seq: subscription.seq,
    manifest_id: subscription.manifestId,
    items: subscription.items,
    bytes: subscription.bytes,
    updated_at: instant(subscription.lastSync),
    link: null,
  };
}
