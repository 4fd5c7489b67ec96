import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { isUnfinished } from './target-folder.ts';

/**
 * What ended a run, in its own words where it is that somebody removed an unfinished file under way: what is missing is
 * nobody's share, and the next attempt begins the file anew.
 */
export function orRemovedUnfinished(error: unknown, transfer: string): unknown {
  if (!(error instanceof ActorError) || error.code !== 'E_NOT_FOUND') return error;
  const { subject } = error;
  if (subject === undefined || !isUnfinished(subject, transfer)) return error;
  return failure('E_FILE_CHANGED', 'an unfinished file was removed while it was downloaded', {
    subject,
    retryable: true,
    next: 'the node begins it anew by itself; keep other programs away from unfinished files',
    cause: error,
  });
}
