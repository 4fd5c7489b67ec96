/**
 * Works through the items in order, at most `limit` at a time. After the first rejection of `work` nothing new is begun;
 * it is passed on once all that was under way has ended, so that nothing goes on behind the caller's back.
 */
export async function eachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries();
  let failed: { error: unknown } | null = null;
  const worker = async () => {
    for (const [index, item] of entries) {
      try {
        await work(item, index);
      } catch (error) {
        failed ??= { error };
      }
      if (failed !== null) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed !== null) throw (failed as { error: unknown }).error;
}
