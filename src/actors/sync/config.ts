import { z } from 'zod';

export const syncConfig = z.strictObject({
  /** Addresses asked beside those of a share's link: `tcp://ip:port[@key]`. */
  bootstrap: z.array(z.string()).default([]),
  /** Seconds between passes over all subscriptions; 0: only when asked. */
  intervalSeconds: z.number().min(0).default(60),
});
export type SyncConfig = z.output<typeof syncConfig>;
