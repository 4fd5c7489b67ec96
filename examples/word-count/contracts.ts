// In a project of your own: from 'granary/supervisor'.
import { actorsOf, ask, configOf, defineContract, stream, tell } from '../../src/supervisor/index.ts';

/** Walks a folder and gives its text away, piece by piece. */
export const readerContract = defineContract({
  name: 'reader',
  config: configOf<{ folder: string }>(),
  messages: { texts: stream<null, { file: string; text: string }>({ window: 8 }) },
});

/** Counts the words of one piece. There are several of it. */
export const counterContract = defineContract({
  name: 'counter',
  config: configOf<Record<never, never>>(),
  metrics: ['words'],
  messages: { count: ask<{ text: string }, Record<string, number>>() },
});

/** Hands pieces to counters and adds up. */
export const tallyContract = defineContract({
  name: 'tally',
  config: configOf<Record<never, never>>(),
  uses: ['reader', 'counter'],
  messages: {
    run: ask<null, { files: number; retried: number; top: readonly (readonly [string, number])[] }>({
      deadlineMs: 60_000,
    }),
    /** For the sake of the example: one counter is to die in the middle of its work. */
    sabotage: tell<null>(),
  },
});

export const contracts = { reader: readerContract, counter: counterContract, tally: tallyContract };

/** `counter` is sharded: its ref is a group. */
export const actor = actorsOf<typeof contracts, 'counter'>();
