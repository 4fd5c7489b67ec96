import { z } from 'zod';

const text = z.string().max(64).default('off');

export const limitsConfig = z.strictObject({
  /** Bytes a second as an operator writes them: `20MB/s`, `off`. */
  up: text,
  down: text,
  /** `mon-fri 08:00-18:00 up=1MB/s down=off` each. */
  schedule: z.array(z.string().max(256)).max(100).default([]),
  /** `day.up=500GB` each. */
  quota: z.array(z.string().max(64)).max(4).default([]),
  /** Names that flags or the environment gave: what was set live does not count against them. */
  pinned: z.array(z.string()).default([]),
});
export type LimitsConfig = z.output<typeof limitsConfig>;
