import { z } from 'zod';

export const storeConfig = z.strictObject({
  /** The data folder. Created with mode 0700 when absent. */
  home: z.string().min(1),
  /**
   * `keyfile`: keys sealed under a generated key file in the configuration folder; `passphrase`: under a passphrase;
   * `plain`: as they are.
   */
  keys: z.enum(['keyfile', 'passphrase', 'plain']).default('keyfile'),
  /** Where the key file lies; empty: the platform's configuration folder. */
  keyfile: z.string().default(''),
  /** Opens the keys where they are sealed under one. Never logged, never stored. */
  passphrase: z.string().max(1024).default(''),
  /** Hours between the copies that the node makes of itself; 0: none. */
  backupHours: z.number().min(0).max(8760).default(24),
  /** Copies that are kept of those. */
  backupKeep: z.int().min(1).max(1000).default(7),
  /** Where they go; empty: `backups/` in the data folder. */
  backupFolder: z.string().default(''),
  /** A backup that the empty data folder is filled from before it is opened. */
  restore: z.string().default(''),
});
export type StoreConfig = z.output<typeof storeConfig>;
