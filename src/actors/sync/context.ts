import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { syncContract } from './contract.ts';

/** What every part of this actor works with. */
export type SyncContext = ActorContext<
  ConfigOf<typeof syncContract>,
  RefsOf<typeof contracts, (typeof syncContract)['uses'][number], 'transport'>,
  (typeof syncContract)['metrics'][number]
>;

/** Unix seconds, as signed objects count them. */
export const unixNow = (context: SyncContext): bigint => BigInt(Math.floor(context.clock.wall() / 1000));
