/** A life of the process that lasted so long says nothing about the next. */
export const STEADY_MS = 10_000;
const FIRST_MS = 100;
const MAX_MS = 2_000;

/** Pause before the next start, after so many ends in a row of lives that did not last. The first is at once. */
export const restartDelay = (streak: number): number =>
  streak <= 1 ? 0 : Math.min(MAX_MS, FIRST_MS * 2 ** (streak - 2));
