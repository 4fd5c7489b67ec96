import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { GroupRef, Ref } from '../supervisor/contract/ref.ts';
import type { transportContract } from './transport/contract.ts';

type Transport = MessagesOf<typeof transportContract>;
export type Shard = Ref<Transport>;

/** What all shards answer, in one list; one that is being restarted has nothing to say. */
export async function everyShard<T>(
  transport: GroupRef<Transport>,
  ask: (shard: Shard) => Promise<readonly T[]>,
): Promise<T[]> {
  const shards = Array.from({ length: transport.size }, (_, index) => transport.member(index));
  const lists = await Promise.allSettled(shards.map(ask));
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
}
