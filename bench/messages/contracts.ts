import { z } from 'zod';
import { actorsOf } from '../../src/supervisor/contract/actor.ts';
import { ask, defineContract, stream, tell } from '../../src/supervisor/contract/contract.ts';

export const echoContract = defineContract({
  name: 'echo',
  config: z.strictObject({}),
  mailbox: 4096,
  messages: {
    echo: ask<{ n: number; id: string }, { n: number; id: string }>(),
    note: tell<{ n: number; id: string }>(),
    noted: ask<null, number>(),
    count: stream<{ to: number }, { n: number }>({ window: 256 }),
  },
});

export const idleContract = defineContract({ name: 'idle', config: z.strictObject({}), messages: {} });

export const contracts = { echo: echoContract, idle: idleContract };
export const actor = actorsOf<typeof contracts>();
