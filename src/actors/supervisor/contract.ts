import { z } from 'zod';
import { ask, defineContract, tell } from '../../supervisor/contract/contract.ts';
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

export const supervisorContract = defineContract({
  name: 'supervisor',
  config: z.strictObject({}),
  messages: {
    status: ask<null, NodeStatus>(),
    /** Stops the node in order. The answer is the end of the process. */
    stop: tell<null>(),
  },
});
