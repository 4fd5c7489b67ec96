import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';

/** Primary result codes of SQLite that are the world's doing; all others are bugs of ours. */
const SQLITE = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;
const OUTSIDE: ReadonlySet<number> = new Set(Object.values(SQLITE));

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  // The low octet; the rest tells variants apart.
  return error.errcode & 0xff;
}

export const isBusy = (error: unknown): boolean => primaryCode(error) === SQLITE.busy;

/** A failure of the disk or of the database file as an error of the table; anything else is given back as it is. */
export function sqliteFailure(error: unknown, subject: string): ActorError | unknown {
  const code = primaryCode(error);
  if (code === null || !OUTSIDE.has(code)) return error;
  const { message } = error as Error;
  if (code === SQLITE.full) return failure('E_NO_SPACE', message, { subject, retryable: true });
  return failure('E_STORE', message, { subject, cause: error });
}
