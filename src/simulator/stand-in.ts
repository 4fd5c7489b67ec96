import type { ActorModule } from '../supervisor/contract/actor.ts';
import type { Clock } from '../supervisor/contract/clock.ts';
import type { Contract } from '../supervisor/contract/contract.ts';

type Handlers = Readonly<Record<string, (request: never) => unknown>>;

/**
 * An actor in the place of a real one: its contract, and handlers for those of its messages that are sent to it here. It
 * uses nobody.
 */
export const standIn = (contract: unknown, handlers: (context: { clock: Clock }) => Handlers): ActorModule =>
  ({
    contract: { ...(contract as Contract), uses: [] },
    start: (context: { clock: Clock }) => ({ handlers: handlers(context) }),
  }) as unknown as ActorModule;
