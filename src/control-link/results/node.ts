import type { LimitRow, QuotaRow, ScheduleRow } from '../../actors/limits/contract.ts';
import type { QuicStatus } from '../../actors/quic/contract.ts';
import type { NodeStatus } from '../../actors/supervisor/contract.ts';

/** A supervisor, or an actor, in the tree of them. */
export type TreeRow =
  | {
      readonly name: string;
      readonly strategy: string;
      readonly intensity: number;
      /** Seconds. */
      readonly period: number;
      /** Restarts within the last period. */
      readonly recent: number;
      readonly children: readonly TreeRow[];
    }
  | {
      readonly actor: string;
      readonly state: string;
      readonly health: 'healthy' | 'busy';
      readonly restarts: number;
      /** Calls of its own that were refused because a link was full. */
      readonly refused: number;
      readonly last_death: { readonly cause: string; readonly message: string | null } | null;
    };

export interface StatsResult {
  readonly node: {
    readonly node_id: string;
    readonly node_key: string;
    readonly version: string;
    readonly pid: number;
    readonly home: string;
    readonly addresses: readonly string[];
  };
  /** `memory`: bytes of its JavaScript heap and of the buffers that hang on it. */
  readonly actors: readonly (NodeStatus['actors'][number] & { readonly memory: number })[];
  readonly tree: TreeRow;
  readonly bytes: {
    readonly up: number;
    readonly down: number;
    readonly disk_read: number;
    readonly disk_written: number;
  };
  readonly rates: { readonly up: number; readonly down: number };
  readonly sessions: number;
  /** Of them, by what carries them. */
  readonly transports: { readonly tcp: number; readonly quic: number };
  /** The QUIC process; null: its keeper is being restarted. */
  readonly quic: QuicStatus | null;
  readonly memory: NodeStatus['memory'];
  readonly cpu: NodeStatus['cpu'];
  readonly uptime: number;
}

export interface ImportedKey {
  readonly share_id: string;
  readonly share_key: string;
  readonly name: string;
}

export interface IdResult {
  readonly node_id: string;
  readonly node_key: string;
  readonly addresses: readonly string[];
  readonly bound: readonly string[];
  readonly version: string;
}

export interface LimitsResult {
  readonly limits: readonly LimitRow[];
  readonly quotas: readonly (Omit<QuotaRow, 'until'> & { readonly until: string })[];
  readonly schedule: readonly ScheduleRow[];
}
