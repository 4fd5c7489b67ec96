import { ActorError, sleep } from '../../src/supervisor/index.ts';
import { actor, tallyContract } from './contracts.ts';

export default actor(tallyContract, ({ refs, clock, spawn }) => {
  let retried = 0;

  /** The kernel repeats nothing: who asks knows whether asking again is right. Counting is. */
  async function count(file: string, text: string, signal: AbortSignal): Promise<Record<string, number>> {
    for (;;) {
      try {
        return await refs.counter.route(file).ask('count', { text }, { signal });
      } catch (error) {
        if (!(error instanceof ActorError) || !error.retryable) throw error;
        retried++;
        await sleep(clock, 20, signal);
      }
    }
  }

  return {
    handlers: {
      async run(_, { signal }) {
        const total = new Map<string, number>();
        let files = 0;
        for await (const { file, text } of refs.reader.stream('texts', null, { signal })) {
          files++;
          for (const [word, times] of Object.entries(await count(file, text, signal))) {
            total.set(word, (total.get(word) ?? 0) + times);
          }
        }
        const top = [...total].sort((a, b) => b[1] - a[1]).slice(0, 5);
        return { files, retried, top };
      },
      sabotage() {
        spawn(async () => {
          await refs.counter
            .member(0)
            .ask('count', { text: 'sabotage' })
            .catch(() => {});
        });
      },
    },
  };
});
