import { z } from 'zod';

export const publishConfig = z.strictObject({
  /** A watched share is published when nothing changed in it for so long. */
  quietSeconds: z.number().min(0.1).max(3600).default(5),
  /** A watched share is looked through this often, whatever was heard of it. */
  rescanSeconds: z.number().min(10).max(604_800).default(600),
});
export type PublishConfig = z.output<typeof publishConfig>;
