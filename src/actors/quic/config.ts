import { z } from 'zod';

export const quicConfig = z.strictObject({
  /** `quic://ip:port` each; port 0 takes a free one. Others are not for this actor. */
  listen: z.array(z.string()).default([]),
  /** Folder of the local sockets, 0700; made when it is not there. Absent: no QUIC. */
  folder: z.string().default(''),
  /** How accepted connections share their path with others. */
  congestion: z.enum(['auto', 'cubic', 'bbr']).default('auto'),
  /** No process is started, neither to listen nor to dial. */
  off: z.boolean().default(false),
  /** Attempts of others that are not sessions yet: in all, and from one address (IPv6: one /64); a quarter from one /24 or /48. */
  maxPending: z.int().min(1).default(512),
  maxPendingPerAddress: z.int().min(1).default(8),
  /** Attempts begun in a second: in all, and from one /24 or /48. Twice as many may come at once. */
  maxPerSecond: z.int().min(1).default(300),
  maxPerSecondPerNet: z.int().min(1).default(60),
  pendingMs: z.int().min(100).default(10_000),
  maxStreams: z.int().min(1).default(4_096),
});
export type QuicConfig = z.output<typeof quicConfig>;
