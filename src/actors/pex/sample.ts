/**
 * So many of the items, every subset of that size equally likely, in random order (Fisher-Yates, cut short). `random`
 * gives numbers from 0 up to 1.
 */
export function sampleOf<T>(items: Iterable<T>, count: number, random: () => number): T[] {
  const pool = [...items];
  const wanted = Math.min(count, pool.length);
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  return pool.slice(0, Math.max(0, wanted));
}
