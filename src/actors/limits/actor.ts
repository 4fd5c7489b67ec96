import { actor } from '../contracts.ts';
import { limitsContract } from './contract.ts';
import { KEPT_AS, Limits } from './limits.ts';

/** What may go how fast: the caps that all shards share, by rules, hours and quotas. */
export default actor(limitsContract, async (context) => {
  const { store } = context.refs;
  const kept = await store.ask('settingKept', { name: KEPT_AS });
  const traffic = await store.ask('traffic', null);
  const limits = new Limits(context, kept === null ? {} : JSON.parse(kept), traffic);
  return {
    handlers: {
      caps: (_, { signal }) => limits.sets.follow(signal),
      show: () => limits.view(),
      async set({ values, save }) {
        await limits.set(values, save);
        return limits.view();
      },
      configure(config) {
        limits.configure(config);
        return null;
      },
    },
    stop: () => limits.stop(),
  };
});
