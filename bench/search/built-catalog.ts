import { eachBounded } from '../../src/actors/each-bounded.ts';
import { buildSegment } from '../../src/actors/search/segment-builder.ts';
import type { SegmentFolder } from '../../src/actors/search/segment-folder.ts';
import { type SearchedShare, Shares, searchedShare } from '../../src/actors/search/shares.ts';
import type { Subscription } from '../../src/actors/share-types.ts';
import { itemsOf, type SyntheticShare } from './catalog.ts';

/** As many as the keeper opens at once. */
const OPENED_AT_ONCE = 8;

/** Rows of a page. */
export const PAGE = 20;
/** Items built for a rate: enough for one, little enough to repeat. */
const BUILD_SAMPLE = 20_000;

/** The first shares with so many items between them. */
export function sampleOf(synthetic: readonly SyntheticShare[]): readonly SyntheticShare[] {
  let items = 0;
  const end = synthetic.findIndex((share) => {
    items += share.items;
    return items >= BUILD_SAMPLE;
  });
  return end < 0 ? synthetic : synthetic.slice(0, end + 1);
}

const shareIdOf = ({ index }: SyntheticShare): string => index.toString(16).padStart(64, '0');
export const segmentName = (share: SyntheticShare, seq = 1) => ({ shareId: shareIdOf(share), seq });
export const manifestIdOf = ({ index }: SyntheticShare): Uint8Array => new Uint8Array(32).fill(index & 255);

/** Milliseconds this thread had the processor: what others take of it does not count. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The system counts a thread's processor time by so many milliseconds. */
const TICK_MS = 4;

/**
 * Drives the work to its end; how long the longest step held the thread, in milliseconds: by the clock, or by the
 * processor's time, a tick more for what is not counted yet, where that is less because others had the processor.
 */
export function drive<T>(work: Generator<undefined, T, void>): { result: T; longest: number } {
  let longest = 0;
  for (;;) {
    const [from, cpuFrom] = [performance.now(), threadMs()];
    const step = work.next();
    longest = Math.max(longest, Math.min(performance.now() - from, threadMs() - cpuFrom + TICK_MS));
    if (step.done) return { result: step.value, longest };
  }
}

export const built = (rows: Parameters<typeof buildSegment>[0], share: SyntheticShare) =>
  drive(buildSegment(rows, manifestIdOf(share)));

export async function openAll(folder: SegmentFolder, synthetic: readonly SyntheticShare[]) {
  const from = performance.now();
  const shares = new Shares();
  let octets = 0;
  let documents = 0;
  await eachBounded(synthetic, OPENED_AT_ONCE, async (share) => {
    const opened = await openOne(folder, share);
    octets += opened.segment.octets;
    documents += opened.segment.documents;
    if (share.visible) shares.set(opened);
  });
  drive(shares.settle());
  return { shares, ms: performance.now() - from, octets: octets + shares.octets, documents };
}

export async function openOne(folder: SegmentFolder, share: SyntheticShare, seq = 1): Promise<SearchedShare> {
  const segment = await folder.load(segmentName(share, seq), manifestIdOf(share));
  if (segment === null) throw new Error(`the segment of share ${share.index} does not open`);
  return searchedShare(subscriptionOf(share), seq, segment);
}

/** Rows for a share of that many items, by the same hand. */
export const rowsOf = (share: SyntheticShare, items: number) => itemsOf({ ...share, items });

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
