import { actorsOf } from '../../src/supervisor/contract/actor.ts';
import { ask, configOf, defineContract } from '../../src/supervisor/contract/contract.ts';
import type { SlotHandle } from '../../src/supervisor/contract/slab.ts';

export const passerContract = defineContract({
  name: 'passer',
  config: configOf<Record<never, never>>(),
  uses: ['taker'],
  messages: { pass: ask<{ count: number }, readonly number[]>(), changes: ask<null, number>() },
});
export const takerContract = defineContract({
  name: 'taker',
  config: configOf<Record<never, never>>(),
  messages: { take: ask<SlotHandle, SlotHandle>() },
});

export const contracts = { passer: passerContract, taker: takerContract };
export const actor = actorsOf<typeof contracts>();
