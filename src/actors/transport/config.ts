import { z } from 'zod';

const POLICIES = ['auto', 'tcp-first', 'quic-first', 'tcp-only', 'quic-only'] as const;

export const transportConfig = z.strictObject({
  /** From accept to the end of the handshake. */
  handshakeMs: z.int().min(100).default(10_000),
  /** From dial to the end of the handshake. */
  dialMs: z.int().min(100).default(5_000),
  /** Without a byte from a peer that owes a reply. */
  requestMs: z.int().min(100).default(10_000),
  idleMs: z.int().min(1_000).default(120_000),
  maxSessions: z.int().min(1).default(10_000),
  /** Requests of one peer to us that may be under way. */
  inFlight: z.int().min(1).max(256).default(16),
  /** Of ours to one peer, at most; how many chunks really are is learnt. 128 are what a path of 100 ms holds at 335 MB/s. */
  requestWindow: z.int().min(1).max(1_024).default(128),
  /** Refuse peers whose TLS certificate does not carry their node key. Shuts the reference's nodes out. */
  requireBound: z.boolean().default(false),
  /** Chunks of one fetch that may be with the disk at once; while they are, nothing more is asked for. */
  diskQueue: z.int().min(1).max(256).default(8),
  /** Peers that chunks are sent to at once, by each shard; the others wait. 0: all of them. */
  uploadSlots: z.int().min(0).max(10_000).default(0),
  /** Which transport is dialled, when a peer can be had over both. */
  policy: z.enum(POLICIES).default('auto'),
  /** How what this node sends over QUIC shares its path with others. */
  congestion: z.enum(['auto', 'cubic', 'bbr']).default('auto'),
});
export type TransportConfig = z.output<typeof transportConfig>;
