import { parentPort, workerData } from 'node:worker_threads';
import { parseQuery } from '../../src/actors/search/query.ts';
import { SegmentFolder } from '../../src/actors/search/segment-folder.ts';
import { systemClock } from '../../src/supervisor/contract/clock.ts';
import { built, drive, openAll, PAGE, sampleOf } from './built-catalog.ts';
import { itemsOf, sharesOf } from './catalog.ts';
import { queryClasses } from './queries.ts';

// How long one step of a build or of a search holds its thread, garbage included: on a thread of its own, with no more in
// its memory than the search of a node has. The first round is for the compiler.
const QUERIES = 5;
const ROUNDS = 3;

const { home, size } = workerData as { home: string; size: number };
const synthetic = sharesOf(size);
const { shares } = await openAll(new SegmentFolder(home, systemClock), synthetic);
const classes = queryClasses(synthetic);
let [build, search] = [0, 0];
for (let round = 0; round < ROUNDS; round++) {
  const [ofBuild, ofSearch] = [longestBuildStep(), longestSearchStep()];
  if (round > 0) [build, search] = [Math.max(build, ofBuild), Math.max(search, ofSearch)];
}
parentPort!.postMessage({ build, search });

function longestBuildStep(): number {
  return Math.max(...sampleOf(synthetic).map((share) => built(itemsOf(share), share).longest));
}

function longestSearchStep(): number {
  return Math.max(
    ...classes.flatMap(({ queries, offset }) =>
      queries
        .slice(0, QUERIES)
        .map((text) => drive(shares.search(parseQuery(text)!, offset + PAGE + 1, () => true)).longest),
    ),
  );
}
