import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { connectedPeers } from '../connected-peers.ts';
import { noAnswer } from '../no-answer.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { TransferContext } from './context.ts';

/** Ids that the DHT is asked for at once, and for how long. */
const MAX_SOUGHT = 4;
const DHT_MS = 15_000;

/**
 * Whom the subscriptions of these shares name, then where their manifests came from, then whoever this node is connected
 * to. Own shares have no subscription.
 */
export async function findProviders(
  context: TransferContext,
  shareIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly PeerTarget[]> {
  const subscriptions = await Promise.all(
    shareIds.map((shareId) => context.refs.store.ask('subscription', { shareId }, { signal })),
  );
  const named = subscriptions.map((subscription) => subscription?.peers ?? []);
  const sources = subscriptions.flatMap((subscription) => subscription?.source ?? []);
  return candidatesOf(...named, sources, await connectedPeers(context.refs.transport, signal));
}

/**
 * Whom the DHT names: for the manifests of the shares, which say who has all of one, and for some of the contents. Asked
 * after those that are known otherwise. Without an answer: nobody.
 */
export async function findInDht(
  { refs }: TransferContext,
  shareIds: readonly string[],
  contentIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly PeerTarget[]> {
  try {
    const shares = await Promise.all(
      shareIds.slice(0, MAX_SOUGHT).map((shareId) => refs.store.ask('subscription', { shareId }, { signal })),
    );
    const ids = [...shares.flatMap((share) => share?.manifestId ?? []), ...contentIds].slice(0, MAX_SOUGHT);
    const lists = await Promise.all(
      ids.map((contentId) =>
        refs.dht.ask('findProviders', { contentId }, { signal, deadlineMs: DHT_MS }).catch(noAnswer),
      ),
    );
    return candidatesOf(...lists.map((list) => list?.providers ?? []));
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    return [];
  }
}

/** Why nobody could be reached, peer by peer. */
export function noProvider(
  target: string,
  reasons: readonly (readonly [PeerTarget, ActorError])[],
): ActorError {
  if (reasons.length === 0) {
    return failure('E_NO_PROVIDER', 'nobody is known who has it: the link of the share names no peer', {
      subject: target,
    });
  }
  const told = reasons
    .slice(0, 3)
    .map(([{ address }, error]) => `${address}: ${error.message} (${error.code})`);
  const more = reasons.length - told.length;
  return failure(
    'E_NO_PROVIDER',
    `no provider can be reached: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    { subject: target, retryable: true, cause: reasons[0]![1] },
  );
}
