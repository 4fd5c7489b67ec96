import { z } from 'zod';
import { DIAL_SCOPES } from '../../protocol/addresses/may-dial.ts';

export const pexConfig = z.strictObject({
  /** Where the network is found: `tcp://host:port[@key]`, host names as well. */
  bootstrap: z.array(z.string().max(400)).max(256).default([]),
  /** A flag or the environment gave that list: what was added or removed live does not count against it. */
  bootstrapPinned: z.boolean().default(false),
  /** Connections to other nodes that this one keeps up by itself; 0: none. */
  outbound: z.int().min(0).max(64).default(6),
  /** Which addresses that others told of may be dialled. */
  scope: z.enum(DIAL_SCOPES).default('public'),
});
export type PexConfig = z.output<typeof pexConfig>;
