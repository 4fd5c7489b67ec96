import { z } from 'zod';

export const controlConfig = z.strictObject({
  /** Path of the Unix socket; at most 100 bytes. */
  socket: z.string().min(1),
  /** The version clients must agree with, `major.minor.patch`. */
  version: z.string(),
  maxClients: z.int().min(1).default(64),
});
export type ControlConfig = z.output<typeof controlConfig>;
