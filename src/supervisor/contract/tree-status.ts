/**
 * Which children restart when one dies. `one_for_one`: it alone. `rest_for_one`: it and those started after it,
 * which were started on the strength of it. `one_for_all`: all.
 */
export type Strategy = 'one_for_one' | 'rest_for_one' | 'one_for_all';

export type ActorState = 'idle' | 'starting' | 'up' | 'stopping' | 'down';
/** What a life ended of: a bug, its heap (or the whole memory), a loop that did not turn, its own end, a start that took too long. */
export type DeathCause = 'crash' | 'memory' | 'hung' | 'exit' | 'start-timeout';

/** A supervisor and its children, as they are now. */
export interface BranchStatus {
  readonly name: string;
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly periodMs: number;
  /** Restarts within the last period: one more than `intensity` ends the supervisor. */
  readonly recent: number;
  readonly children: readonly TreeStatus[];
}

/** One actor, as it is now. */
export interface LeafStatus {
  readonly actor: string;
  readonly state: ActorState;
  readonly health: 'healthy' | 'busy';
  readonly restarts: number;
  /** Calls of its own that were refused because a link was full, over all its lives. */
  readonly refused: number;
  /** Null while it never died. */
  readonly lastDeath: { readonly cause: DeathCause; readonly message: string | null } | null;
}

/** What hangs in a tree. */
export type TreeStatus = BranchStatus | LeafStatus;
