import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { GroupRef } from '../supervisor/contract/ref.ts';
import { everyShard } from './every-shard.ts';
import type { transportContract } from './transport/contract.ts';

/**
 * Addresses, each with its key, of the peers this node has dialled and is connected to: whoever the operator connected
 * to by hand may be asked about every share. A shard that gives no answer has none.
 */
export async function connectedPeers(
  transport: GroupRef<MessagesOf<typeof transportContract>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sessions = await everyShard(transport, (shard) => shard.ask('dialled', null, { signal }));
  return sessions.map(({ address, nodeKey }) => `${address}@${nodeKey}`);
}
