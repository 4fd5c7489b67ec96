import type { SubscriptionRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import type { Subscription } from '../../store/contract.ts';
import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';
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

export const subs: AskOperation<'subs'> = async (refs, _body, signal) => {
  const subscriptions = await refs.store.ask('subscriptions', null, { signal });
  return { subscriptions: subscriptions.map(row) };
};

export const sync: AskOperation<'sync'> = async (refs, body, signal) => {
  const shareId = body.share === null ? null : await shareIdOf(refs, body.share, signal);
  return { shares: await refs.sync.ask('sync', { shareId }, { signal }) };
};

function row(subscription: Subscription): SubscriptionRow {
  const { shareId, title, seq, items, bytes, trust, weight, lastSync, lastError } = subscription;
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
  };
}
