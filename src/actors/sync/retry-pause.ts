/** However long nobody has had a share, it is looked for once an hour. */
const LONGEST_MS = 3_600_000;

/**
 * Until a share that failed so many times in a row is looked for again by itself: the interval after the first, then
 * twice as long each time, an hour at most; never less than the interval.
 */
export const retryPauseMs = (failures: number, intervalMs: number): number =>
  Math.max(intervalMs, Math.min(intervalMs * 2 ** (failures - 1), LONGEST_MS));
