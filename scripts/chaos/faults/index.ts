import { damagedCatalog } from './catalog-files.ts';
import { mapAhead, tornMap } from './chunk-maps.ts';
import { clockJump } from './clock-jump.ts';
import type { Fault } from './fault.ts';
import { fullDisk } from './full-disk.ts';
import { damagedProgress, lostLog } from './progress-database.ts';
import { damagedSegment } from './segments.ts';
import { overwrittenSource, replacedSource, unreadableSource, vanishedSource } from './sources.ts';
import { damagedState } from './state-database.ts';
import { truncated, vanished } from './unfinished-files.ts';

/** In the order of the table. A new fault is a line here. */
export const FAULTS: readonly Fault[] = [
  tornMap,
  mapAhead,
  truncated,
  vanished,
  vanishedSource,
  replacedSource,
  overwrittenSource,
  unreadableSource,
  fullDisk,
  clockJump,
  damagedSegment,
  damagedCatalog,
  lostLog,
  damagedProgress,
  damagedState,
];
