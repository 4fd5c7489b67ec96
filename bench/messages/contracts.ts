import { actorsOf } from '../../src/supervisor/contract/actor.ts';
import { ask, configOf, defineContract, stream, tell } from '../../src/supervisor/contract/contract.ts';
import type { Body } from './body.ts';

export const echoContract = defineContract({
  name: 'echo',
  config: configOf<Record<never, never>>(),
  mailbox: 4096,
  messages: {
    echo: ask<Body, Body>(),
    note: tell<Body>(),
    noted: ask<null, number>(),
    count: stream<{ to: number }, { n: number }>({ window: 256 }),
  },
});

export const contracts = { echo: echoContract };
export const actor = actorsOf<typeof contracts>();
