/** Median of a non-empty list: one slow run of a shared machine says nothing about the code. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians of every numeric figure over the runs of one kind. */
export function medians(runs: readonly Readonly<Record<string, number | string>>[]): Record<string, number> {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  const out: Record<string, number> = {};
  for (const name of names) {
    const values = runs.map((run) => run[name]).filter((value) => typeof value === 'number');
    if (values.length > 0) out[name] = round(median(values));
  }
  return out;
}

/** Three significant figures: more would be noise. */
export const round = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(4)));

/** Grows as n to this power, from two sizes ten times apart. */
export const exponent = (small: number, large: number, factor = 10): number =>
  round(Math.log(large / small) / Math.log(factor));

/** The value that a share of a non-empty list is not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** The figures of one run, as a benchmark tells them while it goes on. */
export const figuresText = (figures: Readonly<Record<string, number | string>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? round(value) : value}`)
    .join(', ');
