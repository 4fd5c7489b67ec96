import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { LimitsConfig } from './config.ts';

/** Which way octets go, seen from this node. */
export type Direction = 'up' | 'down';

/** One bandwidth cap in force. */
export interface Cap {
  /** `global`, `share:ID` or `peer:KEY`, as the operator knows it. */
  readonly name: string;
  readonly scope: 'global' | 'share' | 'peer';
  /** What it is about: a share and its volumes, or one node key; nothing for the global one. */
  readonly ids: readonly string[];
  readonly direction: Direction;
  /** Bytes a second; 0: nothing goes. */
  readonly rate: number;
}

/** Everything the shards hold themselves to, until the next set comes. */
export interface CapSet {
  /** Counters that all shards share: `CapMemory` says what lies where. */
  readonly memory: SharedArrayBuffer;
  /** When the counters began at nothing, in milliseconds of the clock. */
  readonly since: number;
  readonly caps: readonly Cap[];
  /** Octets are to be counted, for a quota. */
  readonly metered: boolean;
}

/** Field names are those of the command's result. */
export interface LimitRow {
  readonly scope: string;
  readonly direction: Direction;
  /** Bytes a second; null: no cap; 0: nothing goes. */
  readonly rate: number | null;
  /** Why it is that. */
  readonly why: string;
}

export interface QuotaRow {
  readonly period: 'day' | 'month';
  readonly direction: Direction;
  /** Bytes. */
  readonly quota: number;
  readonly used: number;
  readonly left: number;
  /** When it begins anew, in unix milliseconds. */
  readonly until: number;
}

export interface ScheduleRow {
  readonly entry: string;
  /** Its hours are now. */
  readonly now: boolean;
}

export interface LimitsView {
  /** The global ones always, the others where there are any. */
  readonly limits: readonly LimitRow[];
  readonly quotas: readonly QuotaRow[];
  readonly schedule: readonly ScheduleRow[];
}

export const limitsContract = defineContract({
  name: 'limits',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['store'],
  config: configOf<LimitsConfig>(),
  metrics: ['sets', 'quotas_used_up'],
  messages: {
    /** The caps in force, at once and whenever they change. */
    caps: stream<null, CapSet>({ window: 4 }),
    show: ask<null, LimitsView>(),
    /**
     * Sets limits by their names (`up`, `share:ID.up`, `peer:KEY.down`, `quota:day.up`, `schedule`) to texts, all or none;
     * `off` takes one away. `save`: for the next starts too. `E_USAGE` for a name or a text that is none.
     */
    set: ask<{ values: Readonly<Record<string, string>>; save: boolean }, LimitsView>(),
    /** What the configuration says by now. */
    configure: ask<LimitsConfig, null>(),
  },
});
