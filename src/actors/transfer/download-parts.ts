import type { TransferContext } from './context.ts';
import type { DistinctPlaces } from './distinct-places.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { SpentTimes } from './spent-times.ts';
import type { TargetFolder } from './target-folder.ts';

/** What the steps of one download share. */
export interface DownloadParts {
  readonly context: TransferContext;
  readonly folder: TargetFolder;
  readonly places: DistinctPlaces;
  readonly progress: ProgressMeter;
  readonly spent: SpentTimes;
  /** Ends everything: the caller left, the node stops, or the disk failed. */
  readonly signal: AbortSignal;
}
