import { ask, configOf, defineContract, tell } from '../../supervisor/contract/contract.ts';
import type { BranchStatus } from '../../supervisor/contract/tree-status.ts';

/** What the main thread knows of the node and may be asked by any actor that uses `supervisor`. */
export interface NodeStatus {
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  /** Seconds. */
  readonly uptime: number;
  readonly actors: readonly {
    readonly name: string;
    readonly thread: number | null;
    readonly state: string;
    readonly restarts: number;
    readonly mailbox: number;
    readonly utilisation: number;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
  /** The same actors in their tree of supervisors. */
  readonly tree: BranchStatus;
  readonly memory: { readonly rss: number; readonly heap: number; readonly external: number };
  /** CPU seconds of the whole process. */
  readonly cpu: { readonly user: number; readonly system: number };
}

/** A setting of the running node. Field names are those of the command's result. */
export interface SettingRow {
  /** `group.name` */
  readonly key: string;
  /** As it is in force. */
  readonly value: unknown;
  /** `flag`, `environment VARIABLE`, `file PATH:LINE` or `default`. */
  readonly origin: string;
  /** What the configuration says by now, where that waits for the next start. */
  readonly after_restart?: unknown;
}

/** What reading the configuration again came to. Field names are those of the command's result. */
export interface ConfigReload {
  /** Keys of settings that are in force with their new values. */
  readonly applied: readonly string[];
  /** Keys of settings that differ from what is in force, until the node is started again. */
  readonly needs_restart: readonly string[];
  /** How many settings are in force as they are written. */
  readonly unchanged: number;
}

/** What an operator tunes while the node runs. Field names are those of the command's result. */
export interface TuneRow {
  readonly name: string;
  /** As it is wanted. */
  readonly value: number;
  /** As it is; for threads it may take a while to follow. Null: not known at the moment. */
  readonly running: number | null;
  /** `set live`, or where the configuration has it from. */
  readonly origin: string;
}

export const supervisorContract = defineContract({
  name: 'supervisor',
  config: configOf<Record<never, never>>(),
  messages: {
    status: ask<null, NodeStatus>(),
    /** Bytes of heap and buffers by actor; each thread is asked. */
    memory: ask<null, Readonly<Record<string, number>>>(),
    /** Stops the node in order. The answer is the end of the process. */
    stop: tell<null>(),
    /** `E_NO_SETTINGS` when another program runs the node, which knows its settings alone. */
    settings: ask<null, readonly SettingRow[]>(),
    tuning: ask<null, readonly TuneRow[]>(),
    /**
     * Changes some of it, all or none; `save`: for the next starts too. Answers when it is in force, or after five seconds
     * on the way there. `E_USAGE` for a name or a number that is none.
     */
    tune: ask<{ values: Readonly<Record<string, number>>; save: boolean }, readonly TuneRow[]>({
      deadlineMs: 20_000,
    }),
    /** Reads the configuration again. `E_CONFIG` when it is not valid, and nothing changes; `E_NO_SETTINGS` as above. */
    reload: ask<null, ConfigReload>(),
  },
});
