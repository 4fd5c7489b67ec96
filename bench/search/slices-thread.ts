import { parentPort, workerData } from 'node:worker_threads';
import { parseQuery } from '../../src/actors/search/query.ts';
import { SegmentFolder } from '../../src/actors/search/segment-folder.ts';
import { systemClock } from '../../src/supervisor/contract/clock.ts';
import { built, drive, openAll } from './built-catalog.ts';
import { itemsOf, sharesOf } from './catalog.ts';
import { queryClasses } from './queries.ts';

// How long one step of a build or of a search holds its thread, garbage included: on a thread of its own, with no more in
// its memory than the search of a node has. The first round is for the compiler.
const PAGE = 20;
const BUILD_SAMPLE = 20_000;
const QUERIES = 5;
const ROUNDS = 3;

const { home, size } = workerData as { home: string; size: number };
const synthetic = sharesOf(size);
const { shares } = await openAll(new SegmentFolder(home, systemClock), synthetic);
const classes = queryClasses(synthetic);
const longest = { build: 0, search: 0 };
for (let round = 0; round < ROUNDS; round++) {
  const [build, search] = [longestBuildStep(), longestSearchStep()];
  if (round > 0)
    Object.assign(longest, {
      build: Math.max(longest.build, build),
      search: Math.max(longest.search, search),
    });
}
parentPort!.postMessage(longest);

function longestBuildStep(): number {
  let most = 0;
  let items = 0;
  for (const share of synthetic) {
    if (items >= BUILD_SAMPLE) break;
    most = Math.max(most, built(itemsOf(share), share).longest);
    items += share.items;
  }
  return most;
}

function longestSearchStep(): number {
  let most = 0;
  for (const { queries, offset } of classes) {
    for (const text of queries.slice(0, QUERIES)) {
      most = Math.max(most, drive(shares.search(parseQuery(text)!, offset + PAGE + 1, () => true)).longest);
    }
  }
  return most;
}
