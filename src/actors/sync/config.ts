import { z } from 'zod';

export const syncConfig = z.strictObject({
  /** Seconds between passes over all subscriptions; 0: only when asked. */
  intervalSeconds: z.number().min(0).default(60),
  /** What those passes send to peers, on average; more shares than that reaches are looked for in turn. */
  requestsPerSecond: z.number().min(0.01).max(1_000).default(1),
});
export type SyncConfig = z.output<typeof syncConfig>;
