const FIRST_MS = 30_000;
const MOST_MS = 30 * 60_000;

/** How long to wait after a failed run, the attempts before it counted from 0. */
export const retryDelay = (attempt: number): number =>
  Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
