import { z } from 'zod';
import { STEMMINGS } from './contract.ts';

export const searchConfig = z.strictObject({
  home: z.string().min(1),
  /** Words are also found by their stems of this language. */
  stemming: z.enum(STEMMINGS).default('off'),
});
export type SearchConfig = z.output<typeof searchConfig>;
