import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { pexContract } from './contract.ts';

/** What every part of this actor works with. */
export type PexContext = ActorContext<
  ConfigOf<typeof pexContract>,
  RefsOf<typeof contracts, (typeof pexContract)['uses'][number], 'transport'>,
  (typeof pexContract)['metrics'][number]
>;

/** Unix seconds. */
export const unixNow = ({ clock }: Pick<PexContext, 'clock'>): number => Math.floor(clock.wall() / 1000);
