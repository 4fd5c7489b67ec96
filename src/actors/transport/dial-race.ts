import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { moreTelling } from '../telling-error.ts';

/** One after the other by so much (RFC 8305). */
export const STAGGER_MS = 250;
/** An address that has answered gets so long for its handshakes before the next one is tried beside it. */
export const PATIENCE_MS = 1_500;

/** One way to a peer. */
export interface Contender<T> {
  /** `reached` is called once something answers. Rejects with ActorErrors; aborted by the signal when another one won. */
  dial(signal: AbortSignal, reached: () => void): Promise<T>;
}

/**
 * Tries the contenders in their order, each a moment after the one before unless that has failed, or is being answered;
 * the first that comes through wins, and the others are called off. Rejects with the most telling of their errors.
 */
export function race<T>(clock: Clock, contenders: readonly Contender<T>[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const called = new AbortController();
    let next = 0;
    let running = 0;
    let over = false;
    let worst: ActorError | null = null;
    let disarm = () => {};

    const wait = (ms: number) => {
      disarm();
      if (next < contenders.length) disarm = clock.after(ms, begin);
    };
    const settle = (act: () => void) => {
      over = true;
      disarm();
      called.abort();
      act();
    };
    function begin(): void {
      const contender = contenders[next++]!;
      running++;
      wait(STAGGER_MS);
      const reached = () => {
        if (!over) wait(PATIENCE_MS);
      };
      contender.dial(called.signal, reached).then(
        (value) => {
          if (!over) settle(() => resolve(value));
        },
        (error: ActorError) => {
          running--;
          worst = moreTelling(worst, error);
          if (over) return;
          if (next < contenders.length) begin();
          else if (running === 0) settle(() => reject(worst));
        },
      );
    }
    begin();
  });
}
