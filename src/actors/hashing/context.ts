import type { ActorContext } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { hashingContract } from './contract.ts';

/** What every part of this actor works with. */
export type HashingContext = ActorContext<
  ConfigOf<typeof hashingContract>,
  Record<never, never>,
  (typeof hashingContract)['metrics'][number]
>;
