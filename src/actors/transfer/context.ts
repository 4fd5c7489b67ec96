import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { transferContract } from './contract.ts';

/** What every part of this actor works with. */
export type TransferContext = ActorContext<
  ConfigOf<typeof transferContract>,
  RefsOf<typeof contracts, (typeof transferContract)['uses'][number], 'transport'>,
  (typeof transferContract)['metrics'][number]
>;
