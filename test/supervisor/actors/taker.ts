import { actor, hasPattern, pattern, takerContract } from './slots.ts';

export default actor(takerContract, ({ slab }) => ({
  handlers: {
    work: ({ slot, seed }, call) => {
      const mine = slab.adopt(slot);
      if (!mine) return null;
      if (!hasPattern(slab.bytes(mine)!, seed)) throw new Error('bytes of somebody else');
      pattern(slab.bytes(mine)!, seed + 1);
      const back = slab.handOver(mine, call);
      if (!back) slab.release(mine);
      return back && { slot: back, seed: seed + 1 };
    },
    keep: (slot) => void slab.adopt(slot),
    adopt: (slot) => slab.adopt(slot) !== null,
    block: ({ ms }) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    },
  },
}));
