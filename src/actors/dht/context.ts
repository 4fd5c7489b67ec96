import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { dhtContract } from './contract.ts';

/** What every part of this actor works with. */
export type DhtContext = ActorContext<
  ConfigOf<typeof dhtContract>,
  RefsOf<typeof contracts, (typeof dhtContract)['uses'][number], 'transport'>,
  (typeof dhtContract)['metrics'][number]
>;

/** Unix seconds, as signed objects count them. */
export const unixNow = (context: Pick<DhtContext, 'clock'>): bigint =>
  BigInt(Math.floor(context.clock.wall() / 1000));
