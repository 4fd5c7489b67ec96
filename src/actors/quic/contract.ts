import { ask, configOf, defineContract, tell } from '../../supervisor/contract/contract.ts';
import type { QuicConfig } from './config.ts';

export interface QuicStatus {
  /** `off`: not wanted; `missing`: no engine for this machine; `idle`: nothing has needed it yet; `starting`: also again, after a crash. */
  readonly state: 'off' | 'missing' | 'idle' | 'starting' | 'up';
  /** Why it is missing, or what the process ended with last; null: nothing to tell. */
  readonly reason: string | null;
  /** Such as `deno 2.9.6`; null before the first start. */
  readonly engine: string | null;
  readonly pid: number | null;
  /** Crashes of the process since the node started. */
  readonly restarts: number;
  /** Resident octets of the process, as it said last. */
  readonly rss: number;
  /** Open connections, in both directions. */
  readonly streams: number;
}

export const quicContract = defineContract({
  name: 'quic',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['transport'],
  config: configOf<QuicConfig>(),
  metrics: ['accepted', 'dialled', 'refused', 'failed', 'pending', 'streams', 'restarts'],
  messages: {
    /**
     * Path of the socket that takes dial requests, started first where need be, and waited for while the process is being
     * restarted. `E_QUIC_UNAVAILABLE` where there is none, `E_BUSY` when it does not come up in time.
     */
    dialAt: ask<null, { path: string }>({ deadlineMs: 5_000 }),
    /** Where others reach this node over QUIC: `quic://ip:port` each. Nothing before there is a process, or where it may not be; one that is being restarted takes its ports again. */
    addresses: ask<null, { bound: readonly string[] }>(),
    status: ask<null, QuicStatus>(),
    /** A shard began, or begins to end: who takes accepted connections is asked anew. */
    shardsChanged: tell<null>({ overflow: 'latest' }),
  },
});
