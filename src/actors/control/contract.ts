import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { ControlConfig } from './config.ts';

export const controlContract = defineContract({
  name: 'control',
  uses: [
    ...(['supervisor', 'store', 'limits', 'transport', 'acceptor', 'quic'] as const),
    ...(['publish', 'sync', 'search', 'transfer'] as const),
  ],
  config: configOf<ControlConfig>(),
  metrics: ['clients', 'calls'],
  messages: {
    info: ask<null, { socket: string }>(),
  },
});
