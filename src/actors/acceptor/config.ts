import { z } from 'zod';

export const acceptorConfig = z.strictObject({
  /** `tcp://ip:port`; port 0 takes a free one. Those of QUIC are passed over: its own actor listens there. */
  listen: z.array(z.string()).default(['tcp://0.0.0.0:7001', 'quic://0.0.0.0:7000']),
  /** Addresses put into links instead of those found by looking at the host. */
  advertise: z.array(z.string()).default([]),
  /** Connections without a finished handshake: in all, and from one address (IPv6: one /64); a quarter from one /24 or /48. */
  maxPending: z.int().min(1).default(512),
  maxPendingPerAddress: z.int().min(1).default(8),
  /** Handshakes begun in a second: in all, and from one /24 or /48. Twice as many may come at once; others wait, 2 s at most. */
  maxPerSecond: z.int().min(1).default(300),
  maxPerSecondPerNet: z.int().min(1).default(60),
  /** Of these, those of newcomers that may come to nothing (DECISIONS, D81): in all, and from one /24 or /48. */
  maxNewPerSecond: z.int().min(1).default(20),
  maxNewPerSecondPerNet: z.int().min(1).default(4),
});
export type AcceptorConfig = z.output<typeof acceptorConfig>;
