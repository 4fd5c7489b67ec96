import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { DownloadFile } from './download-file.ts';

/** Wrong bytes are what an operator has to hear of first. */
const INTEGRITY = new Set(['E_CHUNK_CORRUPT', 'E_FILE_CORRUPT']);

/**
 * The error of a download that ended without some of its files; `otherwise` where none has an error of its own, and where
 * it may pass: that others do not have the files, or that they do not lie on this disk any more, is only half of why.
 */
export function missingFiles(
  files: readonly DownloadFile[],
  missing: readonly DownloadFile[],
  otherwise: ActorError,
): ActorError {
  const told =
    missing.find(({ error }) => error !== null && INTEGRITY.has(error.code)) ??
    (otherwise.retryable ? undefined : missing.find(({ error }) => error !== null));
  const error = told?.error ?? otherwise;
  const count = files.length > 1 ? `${missing.length} of ${files.length} files were not had: ` : '';
  return new ActorError(error.code, count + error.message, {
    subject: told?.name ?? error.subject,
    next: error.next,
    retryable: error.retryable,
    cause: error.cause,
  });
}
