import { change } from './hand-over.ts';
import { actor, takerContract } from './slot-contracts.ts';

export default actor(takerContract, ({ slab }) => ({
  handlers: {
    take(sent, call) {
      const mine = slab.adopt(sent)!;
      change(slab.bytes(mine)!);
      return slab.handOver(mine, call)!;
    },
  },
}));
