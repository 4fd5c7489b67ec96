/**
 * Time as an actor sees it. Behaviours never touch `Date`, `performance` or `setTimeout` themselves, so that
 * the same behaviour runs on a worker and, in tests, under a clock that the test moves.
 */
export interface Clock {
  /** Monotonic milliseconds, the same on every thread of the process. */
  now(): number;
  /** Wall time in unix milliseconds. */
  wall(): number;
  /** Calls back after at least `ms`; the function returned takes it back. */
  after(ms: number, callback: () => void): () => void;
}

/** Each thread's `performance.now()` begins with the thread; the system's monotonic clock is one. */
const THREAD_START = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = {
  now: () => THREAD_START + performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    // A time that has passed meanwhile is no less than now.
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
