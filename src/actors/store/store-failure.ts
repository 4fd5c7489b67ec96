import { failure, ioFailure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** What a disk or a database did, as an error of the table: an answer. Anything else, a bug, comes back as it is. */
export function storeFailure(error: unknown, home: string): unknown {
  if (error instanceof ActorError) return error;
  const known = sqliteFailure(error, home);
  if (known !== error) return known;
  try {
    const io = ioFailure(error, home);
    // A file of ours that is missing is nothing that anybody looked for.
    return io.code === 'E_NOT_FOUND' ? failure('E_IO', io.message, { subject: home, cause: error }) : io;
  } catch {
    return error;
  }
}
