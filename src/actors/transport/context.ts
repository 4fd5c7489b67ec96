import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { transportContract } from './contract.ts';

/** What every part of a shard works with. */
export type ShardContext = ActorContext<
  ConfigOf<typeof transportContract>,
  RefsOf<typeof contracts, (typeof transportContract)['uses'][number], never>,
  (typeof transportContract)['metrics'][number]
>;
