import type { NodeId } from '../../protocol/objects/ids.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { Candidate, Lookup } from './lookup.ts';

/** After so long somebody else is asked beside who has not answered; after the other time it has failed. */
const SLOW_MS = 1_500;
const FAILED_MS = 6_000;

export interface LookupAnswer {
  readonly who: { readonly nodeKey: string; readonly id: NodeId };
  readonly closer: readonly Candidate[];
}

export interface LookupRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Rejects with an ActorError for what a peer does; anything else is a bug and ends the lookup with it. */
  ask(candidate: Candidate, signal: AbortSignal): Promise<LookupAnswer>;
  /** Looked at after each answer: true ends the lookup. */
  enough?(): boolean;
}

/**
 * Drives a lookup to its end: as many questions at once as it gives out, each with its own deadline. Resolves when it
 * is done, enough is found, or the signal is aborted; what is still under way then is cancelled.
 */
export function runLookup(lookup: Lookup, { clock, signal, ask, enough }: LookupRun): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = new Set<AbortController>();
    let ended = false;
    const end = (bug?: unknown) => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', onAbort);
      for (const question of asking) question.abort();
      if (bug === undefined) resolve();
      else reject(bug);
    };
    const onAbort = () => end();
    const pump = () => {
      if (ended) return;
      if (signal.aborted || enough?.() || lookup.done) return end();
      for (let next = lookup.next(); next !== null; next = lookup.next()) begin(next);
    };
    const begin = (candidate: Candidate) => {
      const question = new AbortController();
      asking.add(question);
      const timers = [
        clock.after(SLOW_MS, () => {
          lookup.slow(candidate);
          pump();
        }),
        clock.after(FAILED_MS, () => question.abort()),
      ];
      ask(candidate, question.signal)
        .then(
          ({ who, closer }) => lookup.answered(candidate, who, closer),
          (error) => {
            if (!(error instanceof ActorError) && !question.signal.aborted) throw error;
            lookup.failed(candidate);
          },
        )
        .finally(() => {
          asking.delete(question);
          for (const cancel of timers) cancel();
        })
        .then(pump, end);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    pump();
  });
}
