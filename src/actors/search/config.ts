import { z } from 'zod';

export const searchConfig = z.strictObject({
  home: z.string().min(1),
});
export type SearchConfig = z.output<typeof searchConfig>;
