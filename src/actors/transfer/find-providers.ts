import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { connectedPeers } from '../connected-peers.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { TransferContext } from './context.ts';

/**
 * Whom the subscriptions of these shares name, then where their manifests came from, then whoever this node is connected
 * to: one list of addresses for each. Own shares have no subscription.
 */
export async function findProviders(
  context: TransferContext,
  shareIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly PeerTarget[])[]> {
  const subscriptions = await Promise.all(
    shareIds.map((shareId) => context.refs.store.ask('subscription', { shareId }, { signal })),
  );
  const named = subscriptions.map((subscription) => subscription?.peers ?? []);
  const sources = subscriptions.flatMap((subscription) => subscription?.source ?? []);
  return byKey(candidatesOf(...named, sources, await connectedPeers(context.refs.transport, signal)));
}

/** Several addresses of one key are one provider. */
function byKey(targets: readonly PeerTarget[]): readonly (readonly PeerTarget[])[] {
  const providers = new Map<string, PeerTarget[]>();
  for (const target of targets) {
    const name = target.nodeKey ?? target.address;
    const known = providers.get(name);
    if (known === undefined) providers.set(name, [target]);
    else known.push(target);
  }
  return [...providers.values()];
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
