import { parseAddress } from '../../protocol/addresses/address.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { formatShareLink, MAX_LINK_BOOTSTRAP } from '../../protocol/links/share-link.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PublishContext } from './context.ts';

/**
 * The link to an own share: its key, and the addresses of this node with the node's key pinned. Without addresses while
 * the listeners are down: what was published is published.
 */
export async function pinnedLink({ refs, log }: PublishContext, shareKey: string): Promise<string> {
  const key = fromHex(shareKey, 32)!;
  try {
    const [{ nodeKey }, { advertised }] = await Promise.all([
      refs.store.ask('identity', null),
      refs.acceptor.ask('addresses', null),
    ]);
    const pin = fromHex(nodeKey, 32);
    const addresses = advertised.slice(0, MAX_LINK_BOOTSTRAP).flatMap((text) => {
      const parsed = parseAddress(text);
      return parsed.ok ? [{ ...parsed.address, nodeKey: pin }] : [];
    });
    return formatShareLink(key, addresses);
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    log.warn({ code: error.code }, 'a link without addresses: they are not known at the moment');
    return formatShareLink(key);
  }
}
