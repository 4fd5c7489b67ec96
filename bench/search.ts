import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold, indexTerms } from '../src/actors/search/normalise.ts';
import { readPage } from '../src/actors/search/page.ts';
import { parseQuery } from '../src/actors/search/query.ts';
import { buildSegment } from '../src/actors/search/segment-builder.ts';
import { SegmentFolder } from '../src/actors/search/segment-folder.ts';
import { Shares, searchedShare } from '../src/actors/search/shares.ts';
import type { Subscription } from '../src/actors/store/contract.ts';
import type { Bench } from './bench.ts';
import { itemsOf, type SyntheticShare, sharesOf } from './search/catalog.ts';
import { type QueryClass, queryClasses } from './search/queries.ts';
import { medians, round } from './statistics.ts';

const DEFAULT_SIZE = 100_000;
const PAGE = 20;
/** Items built anew in every run: enough for a rate, little enough to repeat. */
const BUILD_SAMPLE = 20_000;
/** Queries of a class that are also answered by scanning: each scan reads every name. */
const SCANS = 3;
const SCANNED_CLASSES = ['rare', 'common', 'two_words'];

/**
 * Page one of a search, rows read from disk and snippets made, over synthetic shares of which 56 % are visible; beside
 * it a scan of the same names. Size: items. What a message to the actor costs is in `messages`.
 */
const search: Bench = {
  name: 'search',
  async run({ size = DEFAULT_SIZE, repeat = 5, log }) {
    const home = await mkdtemp(join(tmpdir(), 'granary-bench-search-'));
    try {
      return await measure(home, size, repeat, log);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};
export default search;

async function measure(home: string, size: number, repeat: number, log: (line: string) => void) {
  const synthetic = sharesOf(size);
  const folder = new SegmentFolder(home);
  await folder.create();
  log(`${size} items in ${synthetic.length} shares: building`);
  const names: string[] = [];
  for (const share of synthetic) {
    const rows = itemsOf(share);
    await folder.write(nameOf(share), build(rows, share).segment);
    if (share.visible) names.push(...rows.map((row) => row.name));
  }
  const { shares, seconds: openSeconds, octets, documents } = await open(folder, synthetic);
  const lowered = names.map(fold);
  const classes = queryClasses(synthetic);

  const runs: Record<string, number | string>[] = [];
  for (let run = 0; run < repeat; run++) {
    const figures: Record<string, number> = {
      ...buildRate(synthetic),
      open_ms: openSeconds * 1000,
      octets_per_item: octets / size,
    };
    for (const each of classes) {
      const times = await timesOf(each, shares, folder);
      figures[`${each.name}_p50_ms`] = percentile(times, 0.5);
      figures[`${each.name}_p99_ms`] = percentile(times, 0.99);
      if (!SCANNED_CLASSES.includes(each.name)) continue;
      figures[`${each.name}_scan_ms`] = percentile(scanTimes(each, lowered), 0.5);
    }
    runs.push(figures);
    log(
      `run ${run + 1}: ${Object.entries(figures)
        .map(([name, value]) => `${name} ${round(value)}`)
        .join(', ')}`,
    );
  }
  const median = medians(runs);
  return {
    runs,
    median,
    beside: SCANNED_CLASSES.map((name) => ({
      name: `scan of ${names.length} folded names in memory, ${name} words (ms)`,
      value: median[`${name}_scan_ms`]!,
      ratio: round(median[`${name}_p50_ms`]! / median[`${name}_scan_ms`]!),
    })),
    checks: [
      { name: 'every item is in a segment', ok: documents === size },
      {
        name: 'the search finds what a scan by words finds',
        ok: await sameAsScan(classes, names, shares, folder),
      },
    ],
  };
}

const shareIdOf = ({ index }: SyntheticShare): string => index.toString(16).padStart(64, '0');
const nameOf = (share: SyntheticShare) => ({ shareId: shareIdOf(share), seq: 1 });
const manifestIdOf = ({ index }: SyntheticShare): Uint8Array => new Uint8Array(32).fill(index & 255);

function build(rows: Parameters<typeof buildSegment>[0], share: SyntheticShare) {
  const work = buildSegment(rows, manifestIdOf(share));
  let longest = 0;
  for (;;) {
    const from = performance.now();
    const step = work.next();
    longest = Math.max(longest, performance.now() - from);
    if (step.done) return { segment: step.value, longest };
  }
}

function buildRate(synthetic: readonly SyntheticShare[]) {
  let items = 0;
  let ms = 0;
  let longest = 0;
  for (const share of synthetic) {
    if (items >= BUILD_SAMPLE) break;
    const rows = itemsOf(share);
    const from = performance.now();
    longest = Math.max(longest, build(rows, share).longest);
    ms += performance.now() - from;
    items += rows.length;
  }
  return { build_items_per_second: (items / ms) * 1000, build_longest_slice_ms: longest };
}

async function open(folder: SegmentFolder, synthetic: readonly SyntheticShare[]) {
  const from = performance.now();
  const shares = new Shares();
  let octets = 0;
  let documents = 0;
  for (const share of synthetic) {
    const segment = await folder.load(nameOf(share), manifestIdOf(share));
    if (segment === null) throw new Error(`the segment of share ${share.index} does not open`);
    octets += segment.octets;
    documents += segment.documents;
    if (share.visible) shares.set(searchedShare(subscriptionOf(share), 1, segment));
  }
  return { shares, seconds: (performance.now() - from) / 1000, octets, documents };
}

const subscriptionOf = (share: SyntheticShare): Subscription => ({
  shareId: shareIdOf(share),
  shareKey: shareIdOf(share),
  trust: 'normal',
  weight: share.weight,
  peers: [],
  title: share.title,
  description: null,
  seq: 1,
  manifestId: null,
  source: null,
  items: share.items,
  bytes: 0,
  volumes: [],
  root: null,
  lastSync: null,
  lastError: null,
});

async function timesOf({ queries, offset }: QueryClass, shares: Shares, folder: SegmentFolder) {
  const times: number[] = [];
  for (const text of queries) {
    const from = performance.now();
    const query = parseQuery(text);
    if (query === null) throw new Error(`no query: ${text}`);
    const matches = shares.search(query, offset + PAGE + 1, () => true);
    await readPage(folder, matches.slice(offset, offset + PAGE), query);
    times.push(performance.now() - from);
  }
  return times;
}

/** The raw limit: every name looked through for every word, the first page kept, nothing ranked. */
function scanTimes({ queries }: QueryClass, lowered: readonly string[]): number[] {
  return queries.slice(0, SCANS).map((text) => {
    const words = text.split(' ');
    const from = performance.now();
    let found = 0;
    for (const name of lowered) if (words.every((word) => name.includes(word))) found++;
    if (found < 0) throw new Error('counted nothing');
    return performance.now() - from;
  });
}

/** One pass over all names for two queries of each class without offset; the first 200 results are compared. */
async function sameAsScan(
  classes: readonly QueryClass[],
  names: readonly string[],
  shares: Shares,
  folder: SegmentFolder,
): Promise<boolean> {
  const asked = classes.flatMap(({ queries }) => queries.slice(0, 2)).map((text) => parseQuery(text)!);
  const counts = asked.map(() => 0);
  for (const name of names) {
    const terms = indexTerms(name, 64);
    for (const [i, query] of asked.entries())
      if (query.terms.every(({ text }) => terms.has(text))) counts[i]!++;
  }
  for (const [i, query] of asked.entries()) {
    const matches = shares
      .search(query, 200, () => true)
      .filter(({ tier }) => tier === 'exact' || tier === 'name');
    const { hits } = await readPage(folder, matches, query);
    const right = hits.every(({ name }) => query.terms.every(({ text }) => indexTerms(name, 64).has(text)));
    if (!right || hits.length !== Math.min(200, counts[i]!)) return false;
  }
  return true;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
