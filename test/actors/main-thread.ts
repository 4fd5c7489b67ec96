import { supervisorContract } from '../../src/actors/supervisor/contract.ts';
import type { Handlers } from '../../src/supervisor/contract/actor.ts';
import type { MessagesOf } from '../../src/supervisor/contract/contract.ts';
import { type MainServiceSpec, mainService } from '../../src/supervisor/tree/supervisor.ts';

type MainHandlers = Handlers<MessagesOf<typeof supervisorContract>>;

const nobodyAsks = (): never => {
  throw new Error('nobody asks the main thread here');
};

/** What the main thread answers in a test: what is given, and nothing else. */
export const mainThread = (handlers: Partial<MainHandlers> = {}): MainServiceSpec =>
  mainService(supervisorContract, {
    status: nobodyAsks,
    memory: () => ({}),
    stop: nobodyAsks,
    settings: nobodyAsks,
    reload: nobodyAsks,
    tuning: nobodyAsks,
    tune: nobodyAsks,
    ...handlers,
  });
