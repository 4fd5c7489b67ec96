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
  /** Octets that a sequential download may be ahead of the first one that is missing. */
  readAheadBytes: z
    .int()
    .min(1 << 20)
    .max(4 * 2 ** 30)
    .default(64 << 20),
  /** Files get their blocks before their octets, where the system can do that. */
  preallocate: z.boolean().default(false),
  /** `name=/absolute/folder` each: where downloads of that category go. */
  categories: z.array(z.string()).default([]),
});
export type TransferConfig = z.output<typeof transferConfig>;

/** What a running actor takes over: the data folder stays. */
export const liveTransferConfig = transferConfig.omit({ home: true });
export type LiveTransferConfig = z.output<typeof liveTransferConfig>;
