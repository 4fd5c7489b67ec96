import type { Operation, ParsedBodyOf } from '../../control-link/operations.ts';
import type { Events, Results } from '../../control-link/results.ts';
import type { ControlRefs } from './control-refs.ts';

/** Answers one call. The signal is aborted when the client cancels or is gone. */
export type AskOperation<O extends Operation> = (
  refs: ControlRefs,
  body: ParsedBodyOf<O>,
  signal: AbortSignal,
) => Promise<Results[O]>;

/** Yields events while the work goes on and returns the result. */
export type StreamOperation<O extends Operation & keyof Events> = (
  refs: ControlRefs,
  body: ParsedBodyOf<O>,
  signal: AbortSignal,
) => AsyncGenerator<Events[O], Results[O], undefined>;

export type Operations = {
  readonly [O in Operation]: O extends keyof Events
    ? { readonly kind: 'stream'; readonly run: StreamOperation<O> }
    : { readonly kind: 'ask'; readonly run: AskOperation<O> };
};

/** Ends a stream of progress and one result that the actor's contract promises. */
export function finished<Result>(result: Result | null, who: string): Result {
  if (result === null) throw new Error(`${who} ended without a result`);
  return result;
}
