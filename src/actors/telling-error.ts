import { ActorError } from '../supervisor/contract/actor-error.ts';

/**
 * What an operator learns most from comes first: somebody else behind an address, then a peer that lies or is broken,
 * one that will not, one that is silent, one that is not there, and last that nobody had anything.
 */
const TELLING: readonly (readonly string[])[] = [
  ['E_PEER_IDENTITY', 'E_PEER_UNBOUND'],
  ['E_HEAD_INVALID', 'E_MANIFEST_INVALID', 'E_CHUNK_CORRUPT', 'E_FILE_CORRUPT', 'E_PEER_PROTOCOL'],
  ['E_PEER_REFUSED', 'E_PEER_DIALECT', 'E_PEER_ERROR', 'E_BUSY'],
  ['E_PEER_SILENT', 'E_TIMEOUT'],
  ['E_PEER_UNREACHABLE'],
  ['E_NO_PROVIDER'],
];

function rank(code: string): number {
  const place = TELLING.findIndex((codes) => codes.includes(code));
  return place < 0 ? TELLING.length : place;
}

/** The failure to report when several peers failed differently; the first of equals. Null for an empty list. */
export function mostTelling<T extends { readonly code: string }>(failures: readonly T[]): T | null {
  let best: T | null = null;
  for (const failure of failures) {
    if (best === null || rank(failure.code) < rank(best.code)) best = failure;
  }
  return best;
}

/** The more telling of two, which may pass when either may: a peer that lies must not end the hope for another one. */
export function moreTelling(first: ActorError | null, second: ActorError): ActorError {
  if (first === null) return second;
  const error = mostTelling([first, second])!;
  if (error.retryable || !(first.retryable || second.retryable)) return error;
  const { subject, next, cause } = error;
  return new ActorError(error.code, error.message, { subject, next, cause, retryable: true });
}
