import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Found, findMatches } from '../../src/actors/search/find-matches.ts';
import { fold, indexTerms } from '../../src/actors/search/normalise.ts';
import { readPage } from '../../src/actors/search/page.ts';
import { parseQuery } from '../../src/actors/search/query.ts';
import { SegmentFolder } from '../../src/actors/search/segment-folder.ts';
import type { Shares } from '../../src/actors/search/shares.ts';
import { VocabularyKeeper } from '../../src/actors/search/vocabulary-keeper.ts';
import { systemClock } from '../../src/supervisor/contract/clock.ts';
import { siblingModule } from '../../src/supervisor/tree/module-url.ts';
import { medians, percentile, round } from '../statistics.ts';
import {
  built,
  drive,
  openAll,
  openOne,
  PAGE,
  rowsOf,
  sampleOf,
  segmentName,
  threadMs,
} from './built-catalog.ts';
import { itemsOf, type SyntheticShare, sharesOf } from './catalog.ts';
import { type QueryClass, queryClasses } from './queries.ts';

/** Of a manifest that is replaced. */
const REPLACED_ITEMS = 5_000;
/** Queries of a class that are also answered by scanning: each scan reads every name. */
const SCANS = 3;
export const SCANNED_CLASSES = ['rare', 'common', 'two_words'];
/** Above it the names are not kept for a scan: they are larger than all segments. */
const MAX_SCANNED = 2_000_000;

interface Catalog {
  readonly synthetic: readonly SyntheticShare[];
  readonly shares: Shares;
  readonly folder: SegmentFolder;
  readonly words: VocabularyKeeper;
}

export interface Measured {
  readonly size: number;
  readonly classes: readonly string[];
  readonly runs: readonly Readonly<Record<string, number>>[];
  readonly median: Readonly<Record<string, number>>;
  readonly names: number;
  readonly whole: boolean;
  readonly sameAsScan: boolean;
}

/** Everything of the table at one size. */
export async function measure(size: number, repeat: number, log: (line: string) => void): Promise<Measured> {
  const home = await mkdtemp(join(tmpdir(), 'granary-bench-search-'));
  try {
    return await measureIn(home, size, repeat, log);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function measureIn(home: string, size: number, repeat: number, log: (line: string) => void) {
  const synthetic = sharesOf(size);
  const folder = new SegmentFolder(home, systemClock);
  await folder.create();
  log(`${size} items in ${synthetic.length} shares: building`);
  const names: string[] = [];
  for (const share of synthetic) {
    const rows = itemsOf(share);
    await folder.write(segmentName(share), built(rows, share).result);
    if (share.visible && size <= MAX_SCANNED) names.push(...rows.map((row) => row.name));
  }
  const classes = queryClasses(synthetic);
  const lowered = names.map(fold);
  const runs: Record<string, number>[] = [];
  let documents = 0;
  let isSame = true;
  for (let run = 0; run < repeat; run++) {
    const opened = await openAll(folder, synthetic);
    documents = opened.documents;
    const { shares } = opened;
    const words = new VocabularyKeeper(shares, systemClock, new AbortController().signal);
    const catalog: Catalog = { synthetic, shares, folder, words };
    const figures: Record<string, number> = {
      ...buildRate(synthetic),
      cold_start_ms: opened.ms,
      octets_per_item: opened.octets / size,
    };
    const gatherFrom = threadMs();
    while ((await words.words()) === null);
    figures.gather_words_cpu_ms = threadMs() - gatherFrom;
    if (run === 0) {
      // Once for the compiler, and for the page cache.
      for (const each of classes) await timesOf(each, catalog);
      if (names.length > 0) isSame = await sameAsScan(classes, names, catalog);
    }
    for (const each of classes) {
      const { times, cpu } = await timesOf(each, catalog);
      figures[`${each.name}_p50_ms`] = percentile(times, 0.5);
      figures[`${each.name}_p99_ms`] = percentile(times, 0.99);
      figures[`${each.name}_mean_cpu_ms`] = cpu;
      if (names.length === 0 || !SCANNED_CLASSES.includes(each.name)) continue;
      figures[`${each.name}_scan_ms`] = percentile(scanTimes(each, lowered), 0.5);
    }
    const { build, search } = await longestSlices(home, size);
    Object.assign(figures, { longest_slice_ms: Math.max(build, search), longest_build_slice_ms: build });
    Object.assign(figures, await changes(catalog));
    folder.rows.close();
    runs.push(figures);
    log(`run ${run + 1} of ${size}: ${textOf(figures)}`);
  }
  return {
    size,
    classes: classes.map(({ name }) => name),
    runs,
    median: medians(runs),
    names: names.length,
    whole: documents === size,
    sameAsScan: isSame,
  };
}

const textOf = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${round(value)}`)
    .join(', ');

function buildRate(synthetic: readonly SyntheticShare[]) {
  let items = 0;
  let ms = 0;
  for (const share of sampleOf(synthetic)) {
    const rows = itemsOf(share);
    const from = threadMs();
    built(rows, share);
    ms += threadMs() - from;
    items += rows.length;
  }
  return { build_items_per_cpu_second: (items / ms) * 1000 };
}

/** A new revision of 5,000 items in place of one, from its rows to the first search; and the end of a subscription. */
async function changes({ shares, synthetic, folder }: Catalog) {
  const share = synthetic.find(({ visible }) => visible)!;
  const rows = rowsOf(share, REPLACED_ITEMS);
  const query = parseQuery('night')!;
  const from = performance.now();
  await folder.write(segmentName(share, 2), built(rows, share).result);
  shares.set(await openOne(folder, share, 2));
  drive(shares.search(query, PAGE, () => true));
  const replaced = performance.now();
  const { shareId } = segmentName(share);
  shares.delete(shareId);
  const gone = performance.now();
  await folder.remove(segmentName(share, 2));
  return { replace_5000_items_ms: replaced - from, unsubscribe_ms: gone - replaced };
}

/** By the clock; and the mean by the processor's time of this thread, which other work on the machine does not lengthen. */
async function timesOf({ queries, offset }: QueryClass, catalog: Catalog) {
  const times: number[] = [];
  const cpuFrom = threadMs();
  for (const text of queries) {
    const from = performance.now();
    const found = await foundOf(text, offset + PAGE + 1, catalog);
    await readPage(catalog.folder, found.slice(offset, offset + PAGE));
    times.push(performance.now() - from);
  }
  return { times, cpu: (threadMs() - cpuFrom) / queries.length };
}

async function foundOf(text: string, count: number, { shares, words }: Catalog): Promise<readonly Found[]> {
  const query = parseQuery(text);
  if (query === null) throw new Error(`no query: ${text}`);
  const state = { shares, words, stemmer: null, clock: systemClock };
  const wanted = { text, query, count, cursor: null, asTyped: false, visible: () => true };
  const { found } = await findMatches(state, wanted, new AbortController().signal);
  return found;
}

async function longestSlices(home: string, size: number): Promise<{ build: number; search: number }> {
  const worker = new Worker(siblingModule(import.meta.url, './slices-thread'), {
    workerData: { home, size },
  });
  const [longest] = await once(worker, 'message');
  await worker.terminate();
  return longest as { build: number; search: number };
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

/** One pass over all names for two queries of each class; the first 200 results are compared. */
async function sameAsScan(classes: readonly QueryClass[], names: readonly string[], catalog: Catalog) {
  const asked = classes.flatMap(({ queries }) => queries.slice(0, 2)).map((text) => parseQuery(text)!);
  const counts = asked.map(() => 0);
  for (const name of names) {
    const terms = indexTerms(name, 64);
    for (const [i, query] of asked.entries())
      if (query.terms.every(({ text }) => terms.has(text))) counts[i]!++;
  }
  for (const [i, query] of asked.entries()) {
    const found = drive(catalog.shares.search(query, 200, () => true))
      .result.filter(({ tier }) => tier === 'exact' || tier === 'name')
      .map((match) => ({ match, query, score: match.score, meant: null }));
    const { hits } = await readPage(catalog.folder, found);
    const right = hits.every(({ name }) => query.terms.every(({ text }) => indexTerms(name, 64).has(text)));
    if (!right || hits.length !== Math.min(200, counts[i]!)) return false;
  }
  return true;
}
