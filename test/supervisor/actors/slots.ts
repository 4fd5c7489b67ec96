import { actorsOf } from '../../../src/supervisor/contract/actor.ts';
import { ask, configOf, defineContract, tell } from '../../../src/supervisor/contract/contract.ts';
import type { SlotHandle } from '../../../src/supervisor/contract/slab.ts';

/** A slot with the pattern of this number in it. */
export interface Filled {
  readonly slot: SlotHandle;
  readonly seed: number;
}

/** Two actors that hand slots to each other on real threads. */
export const giverContract = defineContract({
  name: 'giver',
  config: configOf<Record<never, never>>(),
  uses: ['taker'],
  messages: {
    /** Claims so many and keeps them. Returns how many it got. */
    hold: ask<{ slots: number }, number>(),
    /** Claims all it can get and writes into them for ever. */
    scribble: tell<null>(),
    /** There and back so many times; returns how many came back with what the taker wrote. */
    lend: ask<{ times: number }, number>({ deadlineMs: 60_000 }),
    /** Hands one over in a tell; returns its handle. */
    post: ask<null, SlotHandle>(),
    /** Hands one over, and sends no message. */
    address: ask<null, SlotHandle>(),
  },
});

export const takerContract = defineContract({
  name: 'taker',
  config: configOf<Record<never, never>>(),
  messages: {
    /** Looks at what came, and answers with the next pattern in the same slot. */
    work: ask<Filled, Filled | null>(),
    keep: tell<SlotHandle>(),
    adopt: ask<SlotHandle, boolean>(),
    block: tell<{ ms: number }>(),
  },
});

export const contracts = { giver: giverContract, taker: takerContract };
export const actor = actorsOf<typeof contracts>();

const filledWith = (length: number, seed: number): Buffer => Buffer.alloc(length, `slot ${seed} `);
export const pattern = (bytes: Uint8Array, seed: number): void => bytes.set(filledWith(bytes.length, seed));
export const hasPattern = (bytes: Uint8Array, seed: number): boolean =>
  filledWith(bytes.length, seed).equals(bytes);
