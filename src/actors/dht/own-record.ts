import { peerAddrsOf } from '../../protocol/addresses/address.ts';
import type { Providers } from '../../protocol/objects/providers.ts';

/** Own addresses in one record. */
const MAX_OWN = 8;

/** That this node has a content (SCP2P wire, section 9.7). Null: it cannot be reached. `now`: unix seconds. */
export function ownRecord(
  contentId: Uint8Array,
  advertised: readonly string[],
  nodeKey: Uint8Array,
  now: bigint,
): Providers | null {
  const providers = peerAddrsOf(advertised, nodeKey).slice(0, MAX_OWN);
  return providers.length === 0 ? null : { contentId, providers, updatedAt: now };
}
