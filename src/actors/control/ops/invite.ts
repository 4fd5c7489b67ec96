import type { InviteLink, InviteResult } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import { parseAddress } from '../../../protocol/addresses/address.ts';
import { reachOfAddress } from '../../../protocol/addresses/may-dial.ts';
import { linkWith } from '../../../protocol/links/pinned-link.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import type { SeedRow } from '../../pex/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { shareIdOf } from './share-name.ts';

export const invite: AskOperation<'invite'> = async (refs, { share }, signal): Promise<InviteResult> => {
  const [identity, { advertised }, seeds] = await Promise.all([
    refs.store.ask('identity', null, { signal }),
    refs.acceptor.ask('addresses', null, { signal }),
    seedsOf(refs, signal),
  ]);
  const own = advertised.map((address) => `${address}@${identity.nodeKey}`);
  // A link takes no names; what does not answer now helps nobody.
  const others = seeds.filter(({ state }) => state !== 'failing').flatMap(placesOf);
  const addresses = [...new Set([...own, ...others])];
  return {
    node_key: identity.nodeKey,
    addresses: own,
    bootstrap: others,
    reach: widest(advertised),
    links: await linksOf(refs, share, addresses, signal),
  };
};

/** The list is of use, not needed. */
async function seedsOf(refs: ControlRefs, signal: AbortSignal): Promise<readonly SeedRow[]> {
  try {
    return await refs.pex.ask('seeds', null, { signal });
  } catch (error) {
    if (!(error instanceof ActorError) || signal.aborted) throw error;
    return [];
  }
}

function placesOf({ address, resolved }: SeedRow): readonly string[] {
  if (parseAddress(address).ok) return [address];
  const at = address.indexOf('@');
  const key = at < 0 ? '' : address.slice(at);
  return resolved.map((place) => `${place}${key}`);
}

/** The share that is named, own or subscribed; without one, every own share that everybody may know of. */
async function linksOf(
  refs: ControlRefs,
  share: string | null,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<readonly InviteLink[]> {
  const own = await refs.store.ask('ownShares', null, { signal });
  if (share === null) {
    return own
      .filter(({ public: isPublic, seq }) => isPublic === true && seq !== null)
      .map(({ shareId, shareKey, name, title }) => ({
        share_id: shareId,
        title: title ?? name,
        link: linkWith(shareKey, addresses),
      }));
  }
  const shareId = await shareIdOf(refs, share, signal);
  const mine = own.find((each) => each.shareId === shareId);
  const found = mine ?? (await refs.store.ask('subscription', { shareId }, { signal }));
  if (found === null) {
    throw failure('E_NOT_FOUND', 'no share of this node and no subscription', { subject: share });
  }
  const title = found.title ?? mine?.name ?? null;
  return [{ share_id: shareId, title, link: linkWith(found.shareKey, addresses) }];
}

/** Who can reach the best of these addresses. */
function widest(addresses: readonly string[]): InviteResult['reach'] {
  const found = new Set(addresses.map(reachOfAddress));
  if (found.has('public')) return 'public';
  if (found.has('private')) return 'private';
  return found.has('loopback') ? 'loopback' : 'none';
}
