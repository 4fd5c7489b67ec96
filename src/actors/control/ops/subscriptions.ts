import type { SubscriptionRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import type { Subscription } from '../../share-types.ts';
import type { ShareHealth } from '../../sync/contract.ts';
import type { AskOperation } from '../operation.ts';
import { revisionNow } from './changes.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';
import { shareIdOf } from './share-name.ts';

export const subscribe: AskOperation<'subscribe'> = async (refs, body, signal) => {
  const { subscription, error } = await refs.sync.ask('subscribe', body, { signal });
  const { shareId, title, seq, items, volumes, trust, weight } = subscription;
  return { share_id: shareId, title, seq, items, volumes: volumes.length, trust, weight, error };
};

export const unsubscribe: AskOperation<'unsubscribe'> = async (refs, body, signal) => {
  const shareId = await shareIdOf(refs, body.share, signal);
  const { removed } = await refs.sync.ask('unsubscribe', { shareId }, { signal });
  if (!removed) throw failure('E_NOT_FOUND', 'not subscribed to that share', { subject: body.share });
  return { share_id: shareId };
};

export const subs: AskOperation<'subs'> = async (refs, body, signal) => {
  const revision = await revisionNow(refs, signal);
  const [subscriptions, health] = await Promise.all([
    refs.store.ask('subscriptions', null, { signal }),
    refs.sync.ask('health', null, { signal }),
  ]);
  const healthOf = new Map(health.map((each) => [each.shareId, each]));
  const { rows, next } = pageOf(subscriptions, body);
  return { subscriptions: rows.map((each) => row(each, healthOf.get(each.shareId))), next, revision };
};

export const sync: AskOperation<'sync'> = async (refs, body, signal) => {
  const shareId = body.share === null ? null : await shareIdOf(refs, body.share, signal);
  return { shares: await refs.sync.ask('sync', { shareId }, { signal }) };
};

function row(subscription: Subscription, health: ShareHealth | undefined): SubscriptionRow {
  const { shareId, title, seq, items, bytes, trust, weight, lastSync, lastError } = subscription;
  const disagreement = health?.disagreement ?? null;
  return {
    share_id: shareId,
    title,
    seq,
    items,
    bytes,
    volumes: subscription.volumes.length,
    trust,
    weight,
    last_sync: instant(lastSync),
    last_error: lastError,
    disagreement: disagreement && { ...disagreement, since: instant(disagreement.since) },
    failures: health?.failures ?? 0,
    next_try: instant(health?.nextTry ?? null),
  };
}
