import { parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
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
  const list = advertised.flatMap((text) => {
    const parsed = parseAddress(text);
    const peer = parsed.ok ? toPeerAddr(parsed.address) : null;
    return peer === null ? [] : [{ ...peer, pubkeyHint: nodeKey }];
  });
  if (list.length === 0) return null;
  return { contentId, providers: list.slice(0, MAX_OWN), updatedAt: now };
}
