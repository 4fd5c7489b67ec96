import { z } from 'zod';
import { DIAL_SCOPES } from '../../protocol/addresses/may-dial.ts';

export const dhtConfig = z.strictObject({
  /** Nodes that lookups begin with while no others are known: `tcp://ip:port[@key]`. */
  bootstrap: z.array(z.string()).default([]),
  /** Which addresses that others told of may be dialled. */
  scope: z.enum(DIAL_SCOPES).default('public'),
  /** Own shares whose heads and manifests are given to the nodes nearest to them. */
  publish: z.enum(['none', 'public', 'all']).default('public'),
  /** Values kept for others, at most; 0: none are taken. */
  maxValues: z.int().min(0).max(100_000).default(20_000),
  /** Octets of those values, at most. */
  maxValueBytes: z
    .int()
    .min(0)
    .default(32 * 1024 * 1024),
});
export type DhtConfig = z.output<typeof dhtConfig>;
