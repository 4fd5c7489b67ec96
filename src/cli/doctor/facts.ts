import type { SettingsReading } from '../../settings/load.ts';
import type { Settings } from '../../settings/schema.ts';
import type { NodeFacts } from './node-facts.ts';

/** What every check may look at. */
export interface Facts {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the file and the environment say, which a node that runs may not follow. */
  readonly reading: SettingsReading;
  /** As in force in the running node, else as one would start; null when none would. */
  readonly settings: Settings | null;
  readonly node: NodeFacts;
  /** Folders that downloads go to. */
  readonly places: readonly string[];
  /** Aborted when the operator has seen enough. */
  readonly signal: AbortSignal;
}
