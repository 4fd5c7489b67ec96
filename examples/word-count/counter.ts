import { ActorError } from '../../src/supervisor/index.ts';
import { actor, counterContract } from './contracts.ts';

export default actor(counterContract, ({ metrics, slab }) => ({
  handlers: {
    count({ slot, bytes }) {
      const mine = slab.adopt(slot);
      if (!mine) throw new ActorError('E_TEXT_GONE', 'the text died with its reader', { retryable: true });
      const { buffer, byteOffset } = slab.bytes(mine)!;
      const text = Buffer.from(buffer, byteOffset, bytes).toString('utf8');
      slab.release(mine);
      const counts: Record<string, number> = Object.create(null);
      for (const [word] of text.matchAll(/[a-z]{5,}/gi)) {
        counts[word.toLowerCase()] = (counts[word.toLowerCase()] ?? 0) + 1;
        metrics.add('words', 1);
      }
      return { ...counts };
    },
    sabotage() {
      // Not an ActorError, so it is a bug: it ends this life, and the supervisor begins the next.
      throw new TypeError('a bug of the counter');
    },
  },
}));
