import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { limitsContract } from './contract.ts';

/** What every part of this actor works with. */
export type LimitsContext = ActorContext<
  ConfigOf<typeof limitsContract>,
  RefsOf<typeof contracts, (typeof limitsContract)['uses'][number], never>,
  (typeof limitsContract)['metrics'][number]
>;

export type LimitsConfig = ConfigOf<typeof limitsContract>;
