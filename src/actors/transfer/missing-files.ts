import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { mostTelling } from '../telling-error.ts';
import type { DownloadFile } from './download-file.ts';

/** Wrong bytes are what an operator has to hear of first. */
const INTEGRITY = new Set(['E_CHUNK_CORRUPT', 'E_FILE_CORRUPT']);
/** A peer said that it has no such thing. */
const LACKING = 'E_PEER_ERROR';

/**
 * The error of a download that ended without some of its files; `otherwise` where none has an error of its own, and where
 * it may pass: that others do not have the files, or that they do not lie on this disk any more, is only half of why. It
 * may pass also when wrong bytes are told: others may still have the right ones.
 */
export function missingFiles(
  files: readonly DownloadFile[],
  missing: readonly DownloadFile[],
  otherwise: ActorError,
): ActorError {
  const error = reasonOf(
    missing.flatMap((file) => file.error ?? []),
    otherwise,
  );
  const told = missing.find((file) => file.error === error);
  const count = files.length > 1 ? `${missing.length} of ${files.length} files were not had: ` : '';
  return new ActorError(error.code, count + error.message, {
    subject: told?.name ?? error.subject,
    next: error.next,
    retryable: error.retryable || otherwise.retryable,
    cause: error.cause,
  });
}

function reasonOf(errors: readonly ActorError[], otherwise: ActorError): ActorError {
  const corrupt = errors.find(({ code }) => INTEGRITY.has(code));
  if (corrupt !== undefined) return corrupt;
  if (otherwise.retryable) return otherwise;
  return errors.find(({ code }) => code !== LACKING) ?? mostTelling([...errors, otherwise])!;
}
