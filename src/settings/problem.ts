import { failure } from '../errors.ts';
import type { ActorError } from '../supervisor/contract/actor-error.ts';

/** Something in the configuration that must be mended. Field names are those of the command's result. */
export interface SettingProblem {
  /** `group.name`, or what was written in its place; null when it is the file as a whole. */
  readonly key: string | null;
  readonly message: string;
  /** The known name that was probably meant. */
  readonly nearest: string | null;
  /** Where it stands: `flag`, `environment VARIABLE`, `file PATH:LINE`. */
  readonly origin: string;
}

/** The first problem as an error, with the number of the others. */
export function configFailure([first, ...others]: readonly SettingProblem[], next?: string): ActorError {
  if (first === undefined) throw new Error('a configuration without a problem is no failure');
  return failure('E_CONFIG', first.message, {
    subject: first.origin,
    next: others.length === 0 ? next : `granary config check lists this and ${others.length} more`,
  });
}
