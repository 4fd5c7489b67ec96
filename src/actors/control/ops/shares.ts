import type { ItemEntry, ShareRow } from '../../../control-link/results.ts';
import { linkWith } from '../../../protocol/links/pinned-link.ts';
import type { ItemPlaces, ListedItem, OwnShare, Subscription } from '../../share-types.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { revisionNow } from './changes.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';
import { shareIdOf } from './share-name.ts';

export const shares: AskOperation<'shares'> = async (refs, body, signal) => {
  const revision = await revisionNow(refs, signal);
  const { rows, next } = pageOf(await shareRows(refs, signal), body);
  return { shares: rows, next, revision };
};

/** Own shares, then subscribed ones. */
export async function shareRows(refs: ControlRefs, signal: AbortSignal): Promise<readonly ShareRow[]> {
  const [own, states, subscribed, identity, addresses] = await Promise.all([
    refs.store.ask('ownShares', null, { signal }),
    refs.publish.ask('shareStates', null, { signal }),
    refs.store.ask('subscriptions', null, { signal }),
    refs.store.ask('identity', null, { signal }),
    refs.acceptor.ask('addresses', null, { signal }),
  ]);
  const pinned = addresses.advertised.map((address) => `${address}@${identity.nodeKey}`);
  const stateOf = new Map(states.map(({ shareId, state }) => [shareId, state]));
  const ownRows = own.map((share) => ownRow(share, stateOf.get(share.shareId) ?? null, pinned));
  return [...ownRows, ...subscribed.map(subscribedRow)];
}

export const unshare: AskOperation<'unshare'> = async (refs, body, signal) => {
  const shareId = await shareIdOf(refs, body.share, signal);
  const forgetKey = body.forget_key;
  const { name, items: count } = await refs.publish.ask('unshare', { shareId, forgetKey }, { signal });
  return { share_id: shareId, name, items: count, key: forgetKey ? 'forgotten' : 'kept' };
};

export const items: AskOperation<'items'> = async (refs, body, signal) => {
  const { items, places, next, revision } = await refs.store.ask('items', body, { signal });
  return { items: await itemEntries(refs, items, places, signal), next, revision };
};

/** Items of one share with how they lie here; at most 1000. */
export async function itemEntries(
  refs: ControlRefs,
  items: readonly ListedItem[],
  places: ItemPlaces,
  signal: AbortSignal,
): Promise<readonly ItemEntry[]> {
  if (items.length === 0) return [];
  // Own files are looked at.
  const states =
    places.roots === null ? places.states : await refs.publish.ask('itemStates', places, { signal });
  return items.map((item, i) => entry(item, states[i]!));
}

const pathOf = ({ path, name }: ListedItem): string => path ?? name;

function entry(item: ListedItem, state: ItemEntry['state']): ItemEntry {
  const { contentId, name, size, chunkCount } = item;
  return { content_id: contentId, path: pathOf(item), name, size, chunks: chunkCount, state };
}

function ownRow(share: OwnShare, state: ShareRow['state'], pinned: readonly string[]): ShareRow {
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
    volumes: share.volumes,
    updated_at: instant(share.updatedAt),
    link: linkWith(share.shareKey, pinned),
    state,
    paths: share.roots.map(({ path }) => path),
    watch: share.watch,
    tags: share.tags,
  };
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
    volumes: subscription.volumes.length,
    updated_at: instant(subscription.lastSync),
    link: null,
    state: null,
    paths: [],
    watch: false,
    tags: [],
  };
}
