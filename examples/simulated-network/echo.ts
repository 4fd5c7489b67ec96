import type { transportContract } from '../../src/actors/transport/contract.ts';
import type { WireReply, WireRequest } from '../../src/actors/wire-request.ts';
import { actorsOf } from '../../src/supervisor/contract/actor.ts';
import { ask, configOf, defineContract } from '../../src/supervisor/contract/contract.ts';

/** The type of the network's messages that this actor answers; any number will do that no other actor of the node has. */
export const ECHO = 60_000;

export const echoContract = defineContract({
  name: 'echo',
  uses: ['transport'],
  config: configOf<Record<never, never>>(),
  messages: {
    /** What peers ask. */
    wire: ask<WireRequest, WireReply>(),
    /** Milliseconds until a peer has answered; a dial included, where there is no session yet. */
    time: ask<{ address: string }, number>({ deadlineMs: 10_000 }),
  },
});

/** A behaviour like any other: it knows its refs and its clock, not whether they are real. */
export const echo = actorsOf<
  { echo: typeof echoContract; transport: typeof transportContract },
  'transport'
>()(echoContract, ({ clock, refs }) => ({
  handlers: {
    wire: ({ payload }) => ({ payload }),
    async time({ address }) {
      const from = clock.now();
      const request = { peer: { address }, type: ECHO, payload: Uint8Array.of(1, 2, 3) };
      await refs.transport.route(address).ask('request', request);
      return clock.now() - from;
    },
  },
}));
