import type { ActorContext, RefsOf } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { contracts } from '../contracts.ts';
import type { publishContract } from './contract.ts';

/** What every part of this actor works with. */
export type PublishContext = ActorContext<
  ConfigOf<typeof publishContract>,
  RefsOf<typeof contracts, (typeof publishContract)['uses'][number], 'transport'>,
  (typeof publishContract)['metrics'][number]
>;
