import { ActorError, sleep } from '../../src/supervisor/index.ts';
import { actor, type Text, tallyContract } from './contracts.ts';

export default actor(tallyContract, ({ refs, clock, slab }) => {
  let retried = 0;

  /** The kernel repeats nothing: who asks knows whether asking again is right. Counting is. */
  async function count(file: string, signal: AbortSignal): Promise<Record<string, number>> {
    for (;;) {
      try {
        // A text that was with a counter that died is gone with it, and is read again. Its slot is not gone.
        return await countOnce(file, await refs.reader.ask('read', { file }, { signal }), signal);
      } catch (error) {
        if (!(error instanceof ActorError) || !error.retryable) throw error;
        retried++;
        await sleep(clock, 20, signal);
      }
    }
  }

  async function countOnce(file: string, { slot, bytes }: Text, signal: AbortSignal) {
    const counter = refs.counter.route(file);
    const mine = slab.adopt(slot);
    const given = mine && slab.handOver(mine, counter);
    try {
      if (!given) throw new ActorError('E_TEXT_GONE', 'its reader died, or its counter', { retryable: true });
      return await counter.ask('count', { slot: given, bytes }, { signal });
    } finally {
      // Nobody took it: then it is ours still, or again.
      const left = given ? slab.adopt(given) : mine;
      if (left) slab.release(left);
    }
  }

  return {
    handlers: {
      async run(_, { signal }) {
        const total = new Map<string, number>();
        let files = 0;
        for await (const { file } of refs.reader.stream('files', null, { signal })) {
          files++;
          for (const [word, times] of Object.entries(await count(file, signal))) {
            total.set(word, (total.get(word) ?? 0) + times);
          }
        }
        const top = [...total].sort((a, b) => b[1] - a[1]).slice(0, 5);
        return { files, retried, top };
      },
      sabotage() {
        refs.counter.member(0).tell('sabotage', null);
      },
    },
  };
});
