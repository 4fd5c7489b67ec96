const FIRST_MS = 5_000;
const LONGEST_MS = 3_600_000;

/**
 * How long a peer that failed so many times in a row is left alone: five seconds after the first, twice as long each
 * time, an hour at most; up to half as much longer by chance, so that a network that comes back is not met all at once.
 */
export function backoffMs(failures: number, random: () => number): number {
  const plain = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return plain * (1 + random() / 2);
}
