import { failure } from '../../errors.ts';
import { actor } from '../contracts.ts';
import { transferContract } from './contract.ts';
import { downloadEvents } from './download-events.ts';

/** Downloads: what they bring, where it goes, who is asked. The bytes themselves never come here. */
export default actor(transferContract, (context) => {
  const running = new Set<Promise<void>>();
  let quiet = false;

  return {
    handlers: {
      async *download(request, call) {
        if (quiet) throw failure('E_BUSY', 'the node is stopping', { retryable: true });
        context.metrics.add('downloads', 1);
        const { promise, resolve } = Promise.withResolvers<void>();
        running.add(promise);
        try {
          yield* downloadEvents(context, request, call.signal);
        } finally {
          running.delete(promise);
          resolve();
        }
      },
    },

    quiesce() {
      quiet = true;
    },

    /** Every signal is aborted by now: what is waited for is the cleaning up. */
    async stop() {
      await Promise.all(running);
    },
  };
});
