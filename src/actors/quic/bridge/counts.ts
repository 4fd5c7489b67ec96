import type { BridgeCounts } from '../../../bridge-link/control-lines.ts';

/** What the bridge has done so far, and what it has open. */
export type Counts = { -readonly [Name in Exclude<keyof BridgeCounts, 'rss'>]: number };

export const noCounts = (): Counts => ({
  streams: 0,
  pending: 0,
  accepted: 0,
  dialled: 0,
  refused: 0,
  failed: 0,
});
