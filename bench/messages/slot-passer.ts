import { change } from './hand-over.ts';
import { actor, passerContract } from './slot-contracts.ts';

export default actor(passerContract, ({ refs, slab }) => {
  let mine = slab.claim()!;
  slab.bytes(mine)!.fill(0);
  return {
    handlers: {
      async pass({ count }) {
        const times: number[] = [];
        for (let trip = 0; trip < count; trip++) {
          const from = performance.now();
          change(slab.bytes(mine)!);
          const sent = slab.handOver(mine, refs.taker)!;
          mine = slab.adopt(await refs.taker.ask('take', sent))!;
          times.push(performance.now() - from);
        }
        return times;
      },
      changes() {
        const bytes = slab.bytes(mine)!;
        return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
      },
    },
  };
});
