import { ActorError } from '../contract/actor-error.ts';

/** What the kernel itself answers a caller with. */
export const downError = (target: string): ActorError =>
  new ActorError('E_ACTOR_DOWN', `${target} is down`, { retryable: true });

export const timeoutError = (target: string, message: string, ms: number): ActorError =>
  new ActorError('E_TIMEOUT', `${target}.${message} gave no answer in ${ms} ms`, { retryable: true });

export const busyError = (target: string, cap: number): ActorError =>
  new ActorError('E_BUSY', `${target} has ${cap} calls in flight from here`, { retryable: true });

/** The signal's own reason where that is an error that may cross, else `E_ABORTED`. */
export function abortError(signal: AbortSignal | undefined): ActorError {
  const reason: unknown = signal?.reason;
  return reason instanceof ActorError
    ? reason
    : new ActorError('E_ABORTED', 'the call was cancelled', { cause: reason });
}
