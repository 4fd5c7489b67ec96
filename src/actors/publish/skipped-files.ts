import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

export const STILL_WRITTEN = 'still being written';
export const CHANGED_WHILE_HASHING = 'changed while hashing';

/** Listed one by one at most; a folder may hold millions of what cannot be published. */
const MAX_LISTED = 5_000;

/** What is left out of a share, and why. */
export class SkippedFiles {
  readonly #listed: SkippedFile[] = [];
  #more = 0;

  get count(): number {
    return this.#listed.length + this.#more;
  }

  add(path: string, reason: string): void {
    if (this.#listed.length < MAX_LISTED) this.#listed.push({ path, reason });
    else this.#more++;
  }

  /** In the order of their paths; one line for all those that are not listed. */
  list(): readonly SkippedFile[] {
    const sorted = this.#listed.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return this.#more === 0
      ? sorted
      : [...sorted, { path: '…', reason: `and ${this.#more} more were left out` }];
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is gone',
  ENOTDIR: 'it is gone',
  ELOOP: 'symlink',
  ENAMETOOLONG: 'its path is too long for this system',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk could not read it',
};

/** In words, why the file system refused something. A bug is thrown on. */
export function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || !/^E[A-Z0-9]{2,15}$/.test(code)) throw thrown;
  return REASONS[code] ?? (thrown as Error).message;
}

/** In words, why a file was not hashed. */
export function reasonOfRecord(error: ErrorRecord): string {
  if (error.code === 'E_FILE_CHANGED') return CHANGED_WHILE_HASHING;
  if (error.code === 'E_NOT_FOUND') return REASONS.ENOENT!;
  return REASONS[error.cause?.code ?? ''] ?? error.message;
}
