/** A list this many times longer is searched by leaps instead of walked. */
const GALLOP_RATIO = 16;

/** What two rising lists have in common. */
export function intersect(a: readonly number[], b: readonly number[]): number[] {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const leaps = long.length > short.length * GALLOP_RATIO;
  const common: number[] = [];
  let at = 0;
  for (const document of short) {
    at = leaps ? gallop(long, at, document) : walk(long, at, document);
    if (at >= long.length) break;
    if (long[at] === document) common.push(document);
  }
  return common;
}

/** Everything of two rising lists, each document once. */
export function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const all: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    if (left <= right) i++;
    if (right <= left) j++;
    all.push(Math.min(left, right));
  }
  return all;
}

function walk(list: readonly number[], from: number, document: number): number {
  let at = from;
  while (at < list.length && list[at]! < document) at++;
  return at;
}

function gallop(list: readonly number[], from: number, document: number): number {
  let step = 1;
  let low = from;
  while (low + step < list.length && list[low + step]! < document) {
    low += step;
    step *= 2;
  }
  let high = Math.min(list.length, low + step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < document) low = middle + 1;
    else high = middle;
  }
  return low;
}
