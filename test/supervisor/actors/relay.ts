import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { actor, relayContract } from './contracts.ts';

export default actor(relayContract, ({ config, refs }) => {
  if (config.failStart) throw new ActorError('E_NO_START', 'the relay will not start');
  const deaths: number[] = [];
  refs.counter.onDown((epoch) => deaths.push(epoch));
  return {
    handlers: {
      name: () => 'relay',
      readCounter: () => refs.counter.ask('read', null),
      waitForCounter: ({ ms }) => refs.counter.ask('wait', { ms }),
      floodCounter: ({ ms }) => {
        while (refs.counter.tell('slowAdd', { by: 0, ms }));
        return null;
      },
      counterDeaths: () => deaths,
      askMain: () => refs.main.ask('greet', { from: 'relay' }),
    },
  };
});
