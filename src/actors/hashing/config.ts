import { z } from 'zod';

export const hashingConfig = z.strictObject({
  /** Pool threads; 0: one a core. */
  threads: z.int().min(0).max(64).default(0),
});
export type HashingConfig = z.output<typeof hashingConfig>;
