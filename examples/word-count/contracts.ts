// In a project of your own: from 'granary/supervisor'.
import {
  actorsOf,
  ask,
  configOf,
  defineContract,
  type SlotHandle,
  stream,
  tell,
} from '../../src/supervisor/index.ts';

/** Text of a file, in shared memory: whoever adopts the slot has it, and nothing is copied on the way. */
export interface Text {
  readonly slot: SlotHandle;
  readonly bytes: number;
}

/** Walks a folder and gives its text away, file by file. */
export const readerContract = defineContract({
  name: 'reader',
  config: configOf<{ folder: string }>(),
  messages: { files: stream<null, { file: string }>({ window: 8 }), read: ask<{ file: string }, Text>() },
});

/** Counts the words of one text. There are several of it. */
export const counterContract = defineContract({
  name: 'counter',
  config: configOf<Record<never, never>>(),
  metrics: ['words'],
  messages: { count: ask<Text, Record<string, number>>(), sabotage: tell<null>() },
});

/** Hands texts from the reader to counters and adds up. */
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
