/** Fails a cell: what was wrong, in words. */
export function must(holds: boolean, wrong: string): asserts holds {
  if (!holds) throw new Error(wrong);
}

/** Tries again until it gives something, or the time is over. */
export async function eventually<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | null>,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`no ${what} within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
