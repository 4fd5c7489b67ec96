import { failure } from '../../errors.ts';
import type { Hex } from '../content-types.ts';
import type { StoredRecheck, WrongFile } from '../recheck-types.ts';
import type { Database } from './database.ts';

/** Files in one answer. */
const PAGE = 1000;

interface Row {
  readonly record: string;
  readonly bad: Uint8Array | null;
}

/** 64-bit numbers are decimal text, as in the tables. */
type Part = NonNullable<StoredRecheck['part']>;
type PartRecord = Omit<Part, 'mtimeNs' | 'inode' | 'bad'> & {
  readonly mtimeNs: string;
  readonly inode: string;
};
type RecheckRecord = Omit<StoredRecheck, 'part'> & { readonly part: PartRecord | null };

/** The ledger of rechecks in `progress.db`: how far each is, and the files that are not as they should be. */
export class Rechecks {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): readonly StoredRecheck[] {
    return this.#database
      .all<Row>('SELECT record, bad FROM rechecks ORDER BY scope')
      .map(({ record, bad }) => {
        const { part, ...rest } = parsed<RecheckRecord>(record);
        if (part === null) return { ...rest, part };
        const { mtimeNs, inode } = part;
        const octets = bad ?? new Uint8Array(0);
        return {
          ...rest,
          part: { ...part, mtimeNs: BigInt(mtimeNs), inode: BigInt(inode), bad: octets },
        };
      });
  }

  /** In one transaction. */
  note({ part, ...rest }: StoredRecheck, wrong: readonly WrongFile[], anew: boolean): void {
    const record: RecheckRecord = {
      ...rest,
      part: part && {
        path: part.path,
        chunk: part.chunk,
        mtimeNs: String(part.mtimeNs),
        inode: String(part.inode),
      },
    };
    const scope = rest.shareId ?? '';
    this.#database.transaction(() => {
      if (anew) this.#drop(scope);
      this.#database.run(
        `INSERT INTO rechecks (scope, record, bad) VALUES (?, ?, ?)
         ON CONFLICT (scope) DO UPDATE SET record = excluded.record, bad = excluded.bad`,
        scope,
        JSON.stringify(record),
        part?.bad ?? null,
      );
      for (const { bad, ...file } of wrong) {
        this.#database.run(
          'INSERT OR REPLACE INTO recheck_files (scope, own, path, record, bad) VALUES (?, ?, ?, ?, ?)',
          scope,
          file.own ? 1 : 0,
          file.path,
          JSON.stringify(file),
          bad,
        );
      }
    });
  }

  wrong(
    shareId: Hex | null,
    after: { readonly own: boolean; readonly path: string } | null,
    limit: number,
  ): readonly WrongFile[] {
    return this.#database
      .all<Row>(
        `SELECT record, bad FROM recheck_files
         WHERE scope = ? AND (own, path) > (?, ?) ORDER BY own, path LIMIT ?`,
        shareId ?? '',
        after?.own ? 1 : 0,
        after?.path ?? '',
        Math.max(1, Math.min(limit, PAGE)),
      )
      .map(({ record, bad }) => ({ ...parsed<Omit<WrongFile, 'bad'>>(record), bad }));
  }

  drop(shareId: Hex | null): void {
    this.#database.transaction(() => this.#drop(shareId ?? ''));
  }

  #drop(scope: string): void {
    this.#database.run('DELETE FROM rechecks WHERE scope = ?', scope);
  }
}

/** What was written here; text that is no JSON is damage of the file. */
function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw failure('E_STORE', 'a row of progress.db cannot be read', { cause });
  }
}
