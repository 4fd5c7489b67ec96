import { z } from 'zod';

export const transferConfig = z.strictObject({
  /** Data folder of the node; in the ids of its transfers. */
  home: z.string().default(''),
  /** Transfers under way at once; the others wait their turn. */
  maxActive: z.int().min(1).max(1_000).default(8),
  /** Octets that downloads leave free on every disk. */
  reserveBytes: z
    .int()
    .min(0)
    .default(256 << 20),
  /** `name=/absolute/folder` each: where downloads of that category go. */
  categories: z.array(z.string()).default([]),
});
export type TransferConfig = z.output<typeof transferConfig>;

/** What a running actor takes over: the data folder stays. */
export const liveTransferConfig = transferConfig.omit({ home: true });
export type LiveTransferConfig = z.output<typeof liveTransferConfig>;
