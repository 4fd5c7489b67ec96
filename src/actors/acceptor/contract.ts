import { ask, configOf, defineContract, tell } from '../../supervisor/contract/contract.ts';
import type { AcceptorConfig } from './config.ts';

export const acceptorContract = defineContract({
  name: 'acceptor',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['store', 'transport', 'quic'],
  config: configOf<AcceptorConfig>(),
  metrics: ['accepted', 'refused', 'pending', 'known_sessions'],
  messages: {
    /** Where this node listens, and what it tells others: `tcp://ip:port` or `quic://ip:port` each. */
    addresses: ask<null, { bound: readonly string[]; advertised: readonly string[] }>(),
    /**
     * What became of a session after `adopt`: it was of use to a newcomer, which is told once, or it came to nothing.
     * `paid`: it has cost a newcomer something that it was not paid back.
     */
    judged: tell<{ remote: string; paid: boolean; good: boolean }>(),
  },
});
