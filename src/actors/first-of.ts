import type { Clock } from '../supervisor/contract/clock.ts';

export interface FirstOfOptions {
  readonly clock: Clock;
  /** Without a result for so long, the next one is begun beside those that run. */
  readonly patienceMs: number;
  /** Begun and not ended, at most. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/**
 * The first result that is not null, of work on the items in their order: the next one is begun when one brought
 * nothing, and beside it when one takes its time. What else runs then is aborted, and has ended when this settles. Null:
 * none brought anything. Rejects with the first rejection.
 */
export async function firstOf<T, R>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<R | null>,
  { clock, patienceMs, parallel, signal }: FirstOfOptions,
): Promise<R | null> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const running = new Set<Promise<void>>();
  let next = 0;
  let disarm = () => {};
  try {
    return await new Promise<R | null>((resolve, reject) => {
      const begin = (): void => {
        disarm();
        if (next >= items.length || running.size >= parallel || both.aborted) {
          if (running.size === 0) resolve(null);
          return;
        }
        const one = work(items[next++]!, both).then((result) => {
          running.delete(one);
          if (result !== null) resolve(result);
          else begin();
        });
        running.add(one);
        one.catch(reject);
        disarm = clock.after(patienceMs, begin);
      };
      begin();
    });
  } finally {
    disarm();
    over.abort();
    await Promise.allSettled(running);
    disarm();
  }
}
