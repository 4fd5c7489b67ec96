import type { Random } from '../../../src/supervisor/testing/random.ts';
import type { Ground } from '../ground.ts';

/** What one injection showed, in a few words; `skipped`: why it could not be made on this machine. */
export type Seen = { readonly seen: string; readonly times?: number } | { readonly skipped: string };

/** Something that a disk, a clock or a person does to a node. */
export interface Fault {
  readonly name: string;
  readonly expected: string;
  /** Makes it happen, and puts the ground in order again. Throws a `Violation` when it is not borne as expected. */
  inject(ground: Ground, random: Random, round: number): Promise<Seen>;
}
