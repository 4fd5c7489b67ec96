import { DIALECT_1, DIALECT_2, type Dialect } from '../dialect.ts';
import { sameForm } from './same-form.ts';

/** How one attempt to dial a peer in one form ended (SCP2P wire v2, section 20). */
export type DialOutcome =
  /** The session lives: its first reply came. */
  | { readonly kind: 'served' }
  /** A valid hello in another form. */
  | { readonly kind: 'other-form'; readonly form: Dialect }
  /** The peer closed before its hello: another form, but also skew, replay, overload, or no SCP2P at all. */
  | { readonly kind: 'closed-before-hello' }
  /** The peer's hello was good and it closed after our ack: its places for our address are taken. */
  | { readonly kind: 'closed-after-ack' }
  /** Nothing came in time: the peer's accept loop may be held up by others. */
  | { readonly kind: 'no-answer' }
  /** No connection at all. */
  | { readonly kind: 'unreachable' }
  /** We ended it: wrong key, signature, skew and the like. */
  | { readonly kind: 'refused' };

/** One attempt made, oldest first in a list. */
export interface DialAttempt {
  readonly form: Dialect;
  readonly outcome: DialOutcome;
}

export type DialDecision =
  /** Dial (again, at once, on the same transport) in this form, with fresh secrets. */
  | { readonly kind: 'dial'; readonly form: Dialect }
  /** The peer speaks this form: remember it with the date. */
  | { readonly kind: 'connected'; readonly remember: Dialect }
  /** Leave the peer for a while; what is remembered of it stays as it is. */
  | { readonly kind: 'give-up'; readonly reason: DialGiveUp };

export type DialGiveUp =
  /** Come back later in the same form. */
  | 'busy'
  | 'no-answer'
  | 'unreachable'
  /** Every form that could be meant was closed on: not a matter of the dialect. */
  | 'closed'
  /** Our own refusal stands in every form. */
  | 'refused';

/**
 * What to do next with a peer: `remembered` is the form it was last served in, `attempts` those of this round.
 * Ends after at most three attempts: a form is never tried twice.
 */
export function nextDial(remembered: Dialect | null, attempts: readonly DialAttempt[]): DialDecision {
  const last = attempts.at(-1);
  if (last === undefined) return { kind: 'dial', form: remembered ?? DIALECT_2 };
  switch (last.outcome.kind) {
    case 'served':
      return { kind: 'connected', remember: last.form };
    case 'other-form':
      return dialUntried(last.outcome.form, attempts);
    case 'closed-before-hello':
      return dialUntried(sameForm(last.form, DIALECT_1) ? DIALECT_2 : DIALECT_1, attempts);
    case 'closed-after-ack':
      return { kind: 'give-up', reason: 'busy' };
    case 'no-answer':
    case 'unreachable':
    case 'refused':
      return { kind: 'give-up', reason: last.outcome.kind };
  }
}

function dialUntried(form: Dialect, attempts: readonly DialAttempt[]): DialDecision {
  if (attempts.some((attempt) => sameForm(attempt.form, form))) return { kind: 'give-up', reason: 'closed' };
  return { kind: 'dial', form };
}
