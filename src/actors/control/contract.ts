import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { ControlConfig } from './config.ts';

export const controlContract = defineContract({
  name: 'control',
  uses: [
    'supervisor',
    'store',
    'limits',
    'transport',
    'acceptor',
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
