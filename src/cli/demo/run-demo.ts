import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { PublishResult } from '../../actors/publish/contract.ts';
import type { DownloadResult } from '../../actors/transfer/contract.ts';
import { failure, ioFailure } from '../../errors.ts';
import { NodeClient } from '../client.ts';
import type { Output } from '../output.ts';
import { ProgressView } from '../progress.ts';
import { bytesText, countOf, countText } from '../units.ts';
import { type Comparison, compareFolders } from './compare-folders.ts';
import { type Load, loadOf, loadText } from './load.ts';
import { makeSample } from './sample-folder.ts';
import { Story } from './story.ts';
import { UpProcess } from './up-process.ts';
import { downloadLines, publishLines, sampleLines, searchLine } from './words.ts';

export interface DemoOptions {
  /** Real files in the folder that is published, at most. */
  readonly files: number;
  /** Of the generated file. */
  readonly size: number;
  /** Leave the folder where it is. */
  readonly keep: boolean;
}

export interface DemoResult {
  readonly files: number;
  readonly bytes: number;
  readonly publish: PublishResult;
  readonly search: readonly SearchOutcome[];
  readonly get: Omit<DownloadResult, 'files'>;
  /** What the download cost each side. */
  readonly seeder: Load;
  readonly downloader: Load;
  readonly compared: Comparison;
  /** Both nodes stopped without anything being cut. */
  readonly clean: boolean;
  readonly seconds: number;
  /** Where the folders are, if they were kept. */
  readonly kept: string | null;
}

export interface SearchOutcome {
  readonly query: string;
  readonly hits: number;
  readonly first: string | null;
  readonly took_ms: number;
}

/** Asked of the downloader's catalog, each with the name that has to come out. */
const QUERIES = [
  { query: 'blue train', expected: '🎷 blue train 🚂.txt' },
  { query: 'large file', expected: 'large file.bin' },
  { query: 'naïve café', expected: 'Füße, naïve café.txt' },
];

const ITEMS_A_PAGE = 1000;

/**
 * The whole way of a folder from one node to another, for real: two processes, two data folders, TLS over
 * loopback. Throws what failed first; nodes and folders are gone afterwards either way.
 */
export async function runDemo(
  output: Output,
  options: DemoOptions,
  signal: AbortSignal,
): Promise<DemoResult> {
  const root = await mkdtemp(join(tmpdir(), 'granary-demo-'));
  const nodes: UpProcess[] = [];
  try {
    return await tell(output, options, root, nodes, signal);
  } catch (error) {
    if (signal.aborted) throw failure('E_ABORTED', 'cancelled; nothing is left behind');
    throw error instanceof Error && 'syscall' in error ? ioFailure(error, root) : error;
  } finally {
    for (const node of nodes) node.kill();
    if (!options.keep) await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function tell(
  output: Output,
  options: DemoOptions,
  root: string,
  nodes: UpProcess[],
  signal: AbortSignal,
): Promise<DemoResult> {
  const from = performance.now();
  const story = new Story(output);
  const folder = join(root, 'my records');
  const downloads = join(root, 'downloads');

  const sample = await story.step(
    'A folder',
    () => makeSample(folder, options.files, options.size, signal),
    (made) => ({ lines: sampleLines(made, options.size), fields: made }),
  );
  const [seeder, downloader] = await story.step(
    'Two nodes',
    async () => {
      const start = async (name: string) => {
        const node = await UpProcess.start(join(root, name), signal);
        nodes.push(node);
        return node;
      };
      return Promise.all([start('seeder'), start('downloader')]);
    },
    ([a, b]) => ({
      lines: ['two processes, each with keys and a data folder of its own, talking TLS over loopback'],
      fields: { start_seconds: [a.seconds, b.seconds] },
    }),
  );
  const [there, here] = await Promise.all([
    NodeClient.connect(seeder.home),
    NodeClient.connect(downloader.home),
  ]);
  const progress = new ProgressView(output);
  const watched = { signal, onEvent: progress.show };

  const published = await story.step(
    'Publish',
    () =>
      there.call('publish', { paths: [folder], title: 'My records' }, watched).finally(() => progress.done()),
    (result) => ({ lines: publishLines(result), fields: result }),
  );
  expectCount(published.items, sample.files, 'published');
  await story.step(
    'Subscribe',
    async () => {
      const first = await here.call('subscribe', { link: published.link }, { signal });
      if (first.error) throw failure('E_NO_PROVIDER', first.error.message, { subject: first.error.code });
      expectCount(first.items, sample.files, 'in the catalog');
      return { first, sync: await here.call('sync', {}, { signal }) };
    },
    ({ first }) => ({
      lines: [`by its link alone; ${countOf(first.items, 'file')} in the catalog, its signature checked`],
      fields: first,
    }),
  );
  const search = await story.step(
    'Search',
    () => Promise.all(QUERIES.map((one) => searchFor(here, one, signal))),
    (found) => ({ lines: found.map(searchLine), fields: { searches: found } }),
  );

  const before = await Promise.all([loadOf(there), loadOf(here)]);
  const got = await story.step(
    'Download',
    () =>
      here
        .call('get', { target: published.share_id, directory: downloads }, watched)
        .finally(() => progress.done()),
    (result) => ({ lines: downloadLines(result), fields: { ...result, files: result.files.length } }),
  );
  const after = await Promise.all([loadOf(there), loadOf(here)]);
  const [seederLoad, downloaderLoad] = [after[0].since(before[0]), after[1].since(before[1])];
  output.say(`${' '.repeat(17)}${output.colors.dim(loadText('the seeder', seederLoad, got.bytes))}`);
  output.say(`${' '.repeat(17)}${output.colors.dim(loadText('the downloader', downloaderLoad, got.bytes))}`);
  expectCount(got.files.length, sample.files, 'downloaded');

  const compared = await story.step(
    'Compare',
    async () => {
      const ids = await contentIds(here, published.share_id, basename(folder), signal);
      return compareFolders(folder, placeOf(got), ids, signal);
    },
    (same) => ({
      lines: [
        `${countOf(same.files, 'file')}, ${bytesText(same.bytes)}: the same names, the same bytes,`,
        'and each one the BLAKE3 hash it was asked for by',
      ],
      fields: same,
    }),
  );
  there.close();
  here.close();
  const clean = await story.step(
    'Stop',
    async () => (await Promise.all(nodes.map((node) => node.stop()))).every(Boolean),
    (both) => ({
      lines: [both ? 'both in order, nothing had to be cut' : 'some actor had to be cut'],
      fields: { clean: both },
    }),
  );
  const { files: _, ...get } = got;
  return {
    files: sample.files,
    bytes: sample.bytes,
    publish: published,
    search,
    get,
    seeder: seederLoad,
    downloader: downloaderLoad,
    compared,
    clean,
    seconds: (performance.now() - from) / 1000,
    kept: options.keep ? root : null,
  };
}

async function searchFor(
  client: NodeClient,
  { query, expected }: (typeof QUERIES)[number],
  signal: AbortSignal,
): Promise<SearchOutcome> {
  const page = await client.call('search', { query }, { signal });
  if (!page.hits.some((hit) => hit.name === expected)) {
    throw failure('E_NOT_FOUND', `a search for “${query}” does not find ${expected}`);
  }
  return { query, hits: page.hits.length, first: page.hits[0]?.name ?? null, took_ms: page.took_ms };
}

/** Content ids by path below the published folder, as the downloader's catalog has them. */
async function contentIds(
  client: NodeClient,
  share: string,
  top: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page: { items: readonly { path: string; content_id: string }[]; next: number | null } =
      await client.call('items', { share, cursor, limit: ITEMS_A_PAGE }, { signal });
    for (const { path, content_id } of page.items) {
      ids.set(path.startsWith(`${top}/`) ? path.slice(top.length + 1) : path, content_id);
    }
    cursor = page.next;
  }
  return ids;
}

/** The folder that holds what the published one held. */
function placeOf(got: DownloadResult): string {
  const large = got.files.find((file) => basename(file.path) === 'large file.bin');
  if (!large) throw failure('E_FILE_CORRUPT', 'the large file was not downloaded');
  const place = dirname(large.path);
  const outside = got.files.find((file) => relative(place, file.path).startsWith('..'));
  if (outside) throw failure('E_FILE_CORRUPT', 'a file lies elsewhere', { subject: outside.path });
  return place;
}

function expectCount(got: number, expected: number, what: string): void {
  if (got === expected) return;
  throw failure('E_FILE_CORRUPT', `${countText(got)} files ${what}, ${countText(expected)} expected`);
}
