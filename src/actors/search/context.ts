import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { searchContract } from './contract.ts';

/** What every part of this actor works with. */
export type SearchContext = ActorContext<
  ConfigOf<typeof searchContract>,
  RefsOf<typeof contracts, (typeof searchContract)['uses'][number], 'transport'>,
  (typeof searchContract)['metrics'][number]
>;
