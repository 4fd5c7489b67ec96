import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { actor, giverContract, hasPattern, pattern } from './slots.ts';

export default actor(giverContract, ({ refs, slab }) => {
  const lend = async (seed: number): Promise<boolean> => {
    const mine = slab.claim();
    if (!mine) return false;
    pattern(slab.bytes(mine)!, seed);
    const sent = slab.handOver(mine, refs.taker);
    if (!sent) return !slab.release(mine);
    const answer = await refs.taker.ask('work', { slot: sent, seed }).catch((error) => {
      if (!(error instanceof ActorError)) throw error;
      return null;
    });
    const back = slab.adopt(answer?.slot ?? sent);
    if (!back) return false;
    const right = answer !== null && hasPattern(slab.bytes(back)!, answer.seed);
    slab.release(back);
    return right;
  };
  return {
    handlers: {
      hold: ({ slots }) => Array.from({ length: slots }, () => slab.claim()).filter(Boolean).length,
      scribble: () => {
        const views: Uint8Array[] = [];
        for (let slot = slab.claim(); slot; slot = slab.claim()) views.push(slab.bytes(slot)!);
        for (let n = 0; ; n++) for (const view of views) view.fill(n);
      },
      lend: async ({ times }) => {
        let right = 0;
        for (let n = 0; n < times; n++) if (await lend(n)) right++;
        return right;
      },
      address: () => slab.handOver(slab.claim()!, refs.taker)!,
      post: () => {
        const sent = slab.handOver(slab.claim()!, refs.taker)!;
        refs.taker.tell('keep', sent);
        return sent;
      },
    },
  };
});
