import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { DownloadFile } from './download-file.ts';

/** Wrong bytes are what an operator has to hear of first. */
const INTEGRITY = new Set(['E_CHUNK_CORRUPT', 'E_FILE_CORRUPT']);

/**
 * The error of a download that ended without some of its files; `otherwise` where none has an error of its own, and where
 * it says that providers could not be reached: that others do not have the files is only half of why.
 */
export function missingFiles(
  files: readonly DownloadFile[],
  missing: readonly DownloadFile[],
  otherwise: ActorError,
): ActorError {
  const nobody = otherwise.code === 'E_NO_PROVIDER';
  const unreached = nobody && otherwise.retryable;
  const told =
    missing.find(({ error }) => error !== null && INTEGRITY.has(error.code)) ??
    (unreached ? undefined : missing.find(({ error }) => error !== null));
  const lost = nobody && !unreached ? missing.find((file) => file.lost !== null)?.lost : null;
  const error = told?.error ?? lost ?? otherwise;
  const count = files.length > 1 ? `${missing.length} of ${files.length} files were not had: ` : '';
  return new ActorError(error.code, count + error.message, {
    subject: told?.name ?? error.subject,
    next: error.next,
    retryable: error.retryable,
    cause: error.cause,
  });
}
