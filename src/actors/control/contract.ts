import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { ControlConfig } from './config.ts';

export const controlContract = defineContract({
  name: 'control',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: [
    'supervisor',
    'store',
    'limits',
    'transport',
    'acceptor',
    'quic',
    'pex',
    'publish',
    'sync',
    'search',
    'transfer',
    'dht',
  ],
  config: configOf<ControlConfig>(),
  metrics: ['clients', 'calls'],
  messages: {
    info: ask<null, { socket: string }>(),
  },
});
