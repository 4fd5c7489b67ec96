import type { Target } from './target.ts';

/** One thing that a node does, as the protocol says. */
export interface Check {
  readonly name: string;
  /** Where the protocol says it: `wire 7` or `wire v2 7`. */
  readonly section: string;
  /** Default: both. */
  readonly dialects?: readonly (1 | 2)[];
  /** Takes tens of seconds: left out unless asked for. */
  readonly slow?: boolean;
  /** A node that fails it may be the worse for it until it starts anew: left out unless asked for. */
  readonly harmful?: boolean;
  /** Longest time, in milliseconds; default: `CHECK_MS`. */
  readonly deadlineMs?: number;
  /** Resolves when the target does it; throws `Mismatch` when it does not, `NotJudged` when nothing can be said. */
  run(target: Target): Promise<void>;
}

export interface CheckSuite {
  readonly name: string;
  readonly checks: readonly Check[];
}

export const CHECK_MS = 10_000;
