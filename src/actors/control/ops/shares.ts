import type { ItemEntry, ShareRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import { linkWith } from '../../../protocol/links/pinned-link.ts';
import type { ItemRow, OwnShare, Subscription } from '../../share-types.ts';
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

/** The shares that this node publishes. */
export const ownShares = (refs: ControlRefs, signal: AbortSignal): Promise<readonly OwnShare[]> =>
  refs.store.ask('ownShares', null, { signal });

/** Own shares, then subscribed ones. `asked`: the own ones, where they are known or on their way already. */
export async function shareRows(
  refs: ControlRefs,
  signal: AbortSignal,
  asked = ownShares(refs, signal),
): Promise<readonly ShareRow[]> {
  const [own, states, subscribed, identity, addresses] = await Promise.all([
    asked,
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
  const shareId = await shareIdOf(refs, body.share, signal);
  const [revision, own, subscription] = await Promise.all([
    revisionNow(refs, signal),
    isOwn(shareId, ownShares(refs, signal)),
    refs.store.ask('subscription', { shareId }, { signal }),
  ]);
  if (!own && subscription === null) {
    throw failure('E_NOT_FOUND', 'neither published nor subscribed here', { subject: body.share });
  }
  const request = { shareId, cursor: body.cursor, limit: body.limit };
  const page = await refs.store.ask('items', request, { signal });
  return { items: await itemEntries(refs, { shareId, own }, page.items, signal), next: page.next, revision };
};

/** Whether a share is one of these. */
export const isOwn = async (shareId: string, own: Promise<readonly OwnShare[]>): Promise<boolean> =>
  (await own).some((share) => share.shareId === shareId);

/** Items of one share with how they lie here; at most 1000. */
export async function itemEntries(
  refs: ControlRefs,
  { shareId, own }: { readonly shareId: string; readonly own: boolean },
  items: readonly ItemRow[],
  signal: AbortSignal,
): Promise<readonly ItemEntry[]> {
  if (items.length === 0) return [];
  const states = own
    ? await refs.publish.ask('itemStates', { shareId, inside: items.map(pathOf) }, { signal })
    : await heldStates(refs, items, signal);
  return items.map((item, i) => entry(item, states[i]!));
}

/** Whether this node could serve them. */
async function heldStates(
  refs: ControlRefs,
  rows: readonly ItemRow[],
  signal: AbortSignal,
): Promise<readonly ItemEntry['state'][]> {
  const contentIds = rows.map((item) => item.contentId);
  const leases = await refs.store.ask('leases', { contentIds }, { signal });
  const held = new Set(leases.map(({ contentId }) => contentId));
  return rows.map(({ contentId }) => (held.has(contentId) ? 'held' : 'remote'));
}

const pathOf = ({ path, name }: ItemRow): string => path ?? name;

function entry(item: ItemRow, state: ItemEntry['state']): ItemEntry {
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
