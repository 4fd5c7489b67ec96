import { actorsOf } from '../../../src/supervisor/contract/actor.ts';
import { ask, configOf, defineContract, stream, tell } from '../../../src/supervisor/contract/contract.ts';

/** Two small actors that use each other: enough to see every promise of the kernel on real threads. */
export const counterContract = defineContract({
  name: 'counter',
  config: configOf<{ start: number }>(),
  uses: ['relay'],
  mailbox: 16,
  shutdownMs: 300,
  hungMs: 1_500,
  resourceLimits: { maxOldGenerationSizeMb: 48 },
  metrics: ['added', 'produced'],
  messages: {
    add: tell<number>(),
    slowAdd: tell<{ by: number; ms: number }>(),
    read: ask<null, number>(),
    life: ask<null, { epoch: number; member: number; relayAnswered: string }>(),
    wait: ask<{ ms: number }, string>({ deadlineMs: 60_000 }),
    /** As `wait`, and heeds no signal. */
    waitDeaf: ask<{ ms: number }, string>({ deadlineMs: 25 }),
    refuse: ask<null, never>(),
    bug: ask<null, never>(),
    exit: tell<null>(),
    hangOnStop: tell<null>(),
    /** Never returns. */
    spin: tell<null>(),
    /** Takes memory until there is none. */
    hog: tell<null>(),
    finish: tell<null>(),
    /** Blocks its loop for so long. */
    block: tell<{ ms: number }>(),
    level: tell<number>({ overflow: 'latest' }),
    levels: ask<null, readonly number[]>(),
    pressures: ask<null, readonly string[]>(),
    count: stream<{ to: number; everyMs: number }, number>({ window: 8 }),
    cancelled: ask<null, number>(),
    take: ask<Uint8Array<ArrayBuffer>, number>({ transfer: (bytes) => [bytes.buffer] }),
  },
});

export const relayContract = defineContract({
  name: 'relay',
  config: configOf<{ failStart?: boolean }>(),
  uses: ['counter', 'main'],
  messages: {
    name: ask<null, string>(),
    readCounter: ask<null, number>(),
    waitForCounter: ask<{ ms: number }, string>(),
    /** Tells the counter to be slow until it takes no more. */
    floodCounter: ask<{ ms: number }, null>(),
    counterDeaths: ask<null, readonly number[]>(),
    askMain: ask<null, string>(),
  },
});

export const mainContract = defineContract({
  name: 'main',
  config: configOf<Record<never, never>>(),
  messages: { greet: ask<{ from: string }, string>() },
});

export const contracts = { counter: counterContract, relay: relayContract, main: mainContract };
export const actor = actorsOf<typeof contracts>();
