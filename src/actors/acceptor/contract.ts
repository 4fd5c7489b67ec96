import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
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
  },
});
