import { loadavg } from 'node:os';
import type { Bench } from './bench.ts';
import { BARS, CLASS_P50, CLASS_P99, type Judged, judge, lineOf } from './search/bars.ts';
import { type Measured, measure, SCANNED_CLASSES } from './search/measure.ts';
import { exponent, round } from './statistics.ts';

/** Ten times apart. Ten million by `--size 10000000`: minutes, and 2 GB of memory. */
const SIZES = [100_000, 1_000_000];

/**
 * Page one of a search, rows read from disk and snippets made, over synthetic shares of which 56 % are visible; beside
 * it a scan of the same names; the table of what is to be reached, and how costs grow from one size to the next. Size:
 * items, else 100,000 and 1,000,000. What a message to the actor costs is in `messages`.
 */
const search: Bench = {
  name: 'search',
  async run({ size, repeat = 5, log }) {
    const measured: Measured[] = [];
    for (const items of size === undefined ? SIZES : [size]) {
      measured.push(await measure(items, repeat, log));
      log(tableOf(measured.at(-1)!).join('\n'));
    }
    const largest = measured.at(-1)!;
    const exponents = growth(measured);
    for (const [name, value] of Object.entries(exponents)) log(`grows as n^${value}: ${name}`);
    return {
      runs: measured.flatMap(({ size: items, runs }) => runs.map((run) => ({ items, ...run }))),
      median: { ...largest.median, ...prefixed('exponent', exponents) },
      beside: largest.names === 0 ? [] : besides(largest),
      checks: measured.flatMap(({ size: items, whole, sameAsScan, ...rest }) => [
        { name: `${items}: every item is in a segment`, ok: whole },
        { name: `${items}: the search finds what a scan by words finds`, ok: sameAsScan },
        ...judged({ size: items, whole, sameAsScan, ...rest }).map(({ name, met }) => ({
          name: `${items}: bar ${name}`,
          ok: met,
        })),
      ]),
    };
  },
};
export default search;

function judged({ size, classes, median }: Measured): Judged[] {
  return [
    ...classes.flatMap((name) =>
      [CLASS_P50, CLASS_P99].map((bar) => {
        const figure = `${name}_${bar.name}_ms`;
        return judge(bar, figure, median[figure]!, size);
      }),
    ),
    ...BARS.map((bar) => judge(bar, bar.name, median[bar.name]!, size)),
  ];
}

/** Beside the clock's time the mean of the processor's. */
const tableOf = (measured: Measured): string[] => [
  `${measured.size} items, load ${loadavg()[0]!.toFixed(1)}`,
  ...judged(measured).map((each) => {
    const cpu = measured.median[each.name.replace(/p50_ms$/, 'mean_cpu_ms')];
    const beside = cpu === undefined || !each.name.endsWith('p50_ms') ? '' : `, mean ${cpu} of the processor`;
    return `  ${lineOf(each)}${beside}`;
  }),
];

/** From the first size to the last, where they are ten times apart. */
function growth(measured: readonly Measured[]): Record<string, number> {
  const [small, large] = [measured[0]!, measured.at(-1)!];
  if (small === large) return {};
  const names = [...small.classes.map((name) => `${name}_p50_ms`), 'cold_start_ms', 'gather_words_cpu_ms'];
  return Object.fromEntries(
    names.map((name) => [name, exponent(small.median[name]!, large.median[name]!, large.size / small.size)]),
  );
}

const prefixed = (prefix: string, figures: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}_${name}`, value]));

const besides = ({ median, names }: Measured) =>
  SCANNED_CLASSES.map((name) => ({
    name: `scan of ${names} folded names in memory, ${name} words (ms)`,
    value: median[`${name}_scan_ms`]!,
    ratio: round(median[`${name}_p50_ms`]! / median[`${name}_scan_ms`]!),
  }));
