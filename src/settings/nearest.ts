/** The known name closest to a mistyped or shortened one, if it is close enough to be what was meant. */
export function nearest(name: string, known: Iterable<string>): string | null {
  // A third of the letters wrong is another word.
  let limit = Math.max(2, Math.floor(name.length / 3)) + 1;
  let best: string | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), limit);
    if (distance < limit) {
      limit = distance;
      best = candidate;
    }
  }
  return best ?? onlyBeginning(name, known);
}

/** The one known name that begins so. */
function onlyBeginning(name: string, known: Iterable<string>): string | null {
  const [one, ...more] = [...known].filter((candidate) => candidate.startsWith(name));
  return more.length === 0 ? (one ?? null) : null;
}

/** Optimal string alignment: insertions, deletions, replacements and swapped neighbours; cut off at `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
