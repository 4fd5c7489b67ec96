/** What is to be reached, for page 1 with 20 rows and snippets, at one million items and at ten. */
export interface Bar {
  readonly name: string;
  readonly unit: string;
  /** By the number of items: up to a million, and above. */
  readonly limit: (items: number) => number;
  /** More is better. */
  readonly atLeast?: boolean;
}

const grows = (small: number, large: number) => (items: number) => (items <= 1_000_000 ? small : large);
const fixed = (limit: number) => () => limit;

export const CLASS_P50: Bar = { name: 'p50', unit: 'ms', limit: grows(0.5, 2) };
export const CLASS_P99: Bar = { name: 'p99', unit: 'ms', limit: grows(5, 10) };

export const BARS: readonly Bar[] = [
  { name: 'build_items_per_cpu_second', unit: 'items/s', limit: fixed(90_000), atLeast: true },
  { name: 'replace_5000_items_ms', unit: 'ms', limit: fixed(130) },
  { name: 'unsubscribe_ms', unit: 'ms', limit: fixed(1) },
  { name: 'cold_start_ms', unit: 'ms', limit: grows(100, 1500) },
  { name: 'octets_per_item', unit: 'octets', limit: fixed(65) },
  { name: 'longest_slice_ms', unit: 'ms', limit: fixed(10) },
];

export interface Judged {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
  readonly unit: string;
}

export function judge(bar: Bar, name: string, value: number, items: number): Judged {
  const limit = bar.limit(items);
  return { name, value, limit, unit: bar.unit, met: bar.atLeast ? value >= limit : value <= limit };
}

export const lineOf = ({ name, value, limit, met, unit }: Judged): string =>
  `${met ? 'met   ' : 'MISSED'}  ${name.padEnd(28)} ${String(value).padStart(9)} of ${limit} ${unit}`;
