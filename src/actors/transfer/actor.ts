import { actor } from '../contracts.ts';
import { eachBounded } from '../each-bounded.ts';
import { transferContract } from './contract.ts';
import { downloadEvents } from './download-events.ts';
import type { Transfer } from './transfer.ts';
import { TransferQueue } from './transfer-queue.ts';

/** Transfers paused or cancelled at once. */
const AT_ONCE = 8;

/** Downloads: what they bring, where it goes, who is asked. The bytes themselves never come here. */
export default actor(transferContract, async (given) => {
  // Read where it is needed, so that a change is in force at once.
  const config = { ...given.config };
  const context = { ...given, config };
  const queue = new TransferQueue(context);
  await queue.load();

  /** Does something with the chosen transfers, and answers with what they are then. */
  async function each(ids: readonly string[] | null, work: (transfer: Transfer) => Promise<void>) {
    const chosen = queue.chosen(ids);
    await eachBounded(chosen, AT_ONCE, work);
    return queue.rows(chosen);
  }

  return {
    handlers: {
      download: (request, call) => downloadEvents(context, queue, request, call.signal),
      async add(request) {
        const [row] = queue.rows([await queue.add(request)]);
        return row!;
      },
      queue: () => queue.rows(),
      configure(next) {
        Object.assign(config, next);
        queue.wake();
        return null;
      },
      pause: ({ ids }) => each(ids, (transfer) => queue.pause(transfer)),
      resume: ({ ids, priority }) => each(ids, (transfer) => queue.resume(transfer, priority)),
      cancel: ({ ids }) => each(ids, (transfer) => queue.cancel(transfer)),
    },

    quiesce() {
      queue.quiesce();
    },

    async stop() {
      await queue.stop();
    },
  };
});
