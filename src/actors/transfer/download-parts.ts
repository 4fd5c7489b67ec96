import type { TransferContext } from './context.ts';
import type { DistinctPlaces } from './distinct-places.ts';
import type { FetchOrder } from './free-chunks.ts';
import type { HeldKeeper } from './held-keeper.ts';
import type { ProgressKeeper } from './progress-keeper.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { SpentTimes } from './spent-times.ts';
import type { TargetFolder } from './target-folder.ts';

/** What the steps of one download share. */
export interface DownloadParts {
  readonly context: TransferContext;
  /** Shares that its files are of: their caps count. */
  readonly shareIds: readonly string[];
  /** In which order its chunks come, at the moment. */
  readonly order: () => FetchOrder;
  readonly folder: TargetFolder;
  readonly places: DistinctPlaces;
  readonly progress: ProgressMeter;
  readonly keeper: Pick<ProgressKeeper, 'changed'>;
  readonly held: HeldKeeper;
  readonly spent: SpentTimes;
  /** Ends everything: the caller left, the node stops, or the disk failed. */
  readonly signal: AbortSignal;
  /** Ends the download with an error that concerns all of it. */
  readonly abort: (error: unknown) => void;
}
