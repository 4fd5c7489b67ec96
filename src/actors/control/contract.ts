import { z } from 'zod';
import { ask, defineContract } from '../../supervisor/contract/contract.ts';

export const controlConfig = z.strictObject({
  /** Path of the Unix socket; at most 100 bytes. */
  socket: z.string().min(1),
  /** The version clients must agree with, `major.minor.patch`. */
  version: z.string(),
  maxClients: z.int().min(1).default(64),
});

export const controlContract = defineContract({
  name: 'control',
  uses: ['supervisor', 'store', 'limits', 'transport', 'acceptor', 'publish', 'sync', 'search', 'transfer'],
  config: controlConfig,
  metrics: ['clients', 'calls'],
  messages: {
    info: ask<null, { socket: string }>(),
  },
});
