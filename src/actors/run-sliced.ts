import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../supervisor/contract/clock.ts';

/** Milliseconds of work before others on this thread get their turn. */
const SLICE_MS = 4;

/** Drives a generator to its end, letting the event loop go round in between. Rejects with the signal's reason. */
export async function runSliced<T>(
  work: Generator<undefined, T, void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const until = clock.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (clock.now() < until);
    await setImmediate();
    signal.throwIfAborted();
  }
}
