import type { ActorContext } from '../../supervisor/contract/actor.ts';
import type { ConfigOf } from '../../supervisor/contract/contract.ts';
import type { storeContract } from './contract.ts';

/** What every part of this actor works with. It talks to no other actor. */
export type StoreContext = ActorContext<
  ConfigOf<typeof storeContract>,
  object,
  (typeof storeContract)['metrics'][number]
>;

/** Unix seconds. */
export const unixNow = (context: Pick<StoreContext, 'clock'>): number =>
  Math.floor(context.clock.wall() / 1000);
