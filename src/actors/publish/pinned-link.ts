import { linkWith } from '../../protocol/links/pinned-link.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PublishContext } from './context.ts';

/**
 * The link to an own share: its key, and the addresses of this node with the node's key pinned. Without addresses while
 * the listeners are down: what was published is published.
 */
export async function pinnedLink({ refs, log }: PublishContext, shareKey: string): Promise<string> {
  try {
    const [{ nodeKey }, { advertised }] = await Promise.all([
      refs.store.ask('identity', null),
      refs.acceptor.ask('addresses', null),
    ]);
    return linkWith(
      shareKey,
      advertised.map((address) => `${address}@${nodeKey}`),
    );
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    log.warn({ code: error.code }, 'a link without addresses: they are not known at the moment');
    return linkWith(shareKey, []);
  }
}
