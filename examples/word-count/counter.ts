import { actor, counterContract } from './contracts.ts';

export default actor(counterContract, ({ metrics }) => ({
  handlers: {
    count({ text }) {
      // Not an ActorError, so it is a bug: it ends this life, and the supervisor begins the next.
      if (text === 'sabotage') throw new TypeError('a bug of the counter');
      const counts: Record<string, number> = Object.create(null);
      for (const [word] of text.matchAll(/[a-z]{5,}/gi)) {
        counts[word.toLowerCase()] = (counts[word.toLowerCase()] ?? 0) + 1;
        metrics.add('words', 1);
      }
      return { ...counts };
    },
  },
}));
