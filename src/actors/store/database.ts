import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type SqlValue = string | number | Uint8Array | null;

/**
 * One SQLite file, written by this thread alone. WAL with synchronous=FULL: what a transaction wrote is on the disk when
 * it returns; with NORMAL a loss of power may cost the last transactions, never more, and a crash of the process none.
 * Statements are prepared once. Row types are the caller's promise about its own SQL: tables are STRICT.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #committed: () => void;

  /** `committed` is called after every transaction. */
  constructor(path: string, committed: () => void = () => {}, synchronous: 'FULL' | 'NORMAL' = 'FULL') {
    this.#committed = committed;
    this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    try {
      this.exec(
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA trusted_schema = OFF`,
      );
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  all<Row>(sql: string, ...values: readonly SqlValue[]): readonly Row[] {
    return this.#prepared(sql).all(...(values as SQLInputValue[])) as unknown as Row[];
  }

  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#prepared(sql).get(...(values as SQLInputValue[])) as unknown as Row | undefined;
  }

  /** Number of rows that changed. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepared(sql).run(...(values as SQLInputValue[])).changes);
  }

  /** Runs an INSERT and gives the number of the new row. */
  insert(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepared(sql).run(...(values as SQLInputValue[])).lastInsertRowid);
  }

  /** All of it or nothing, durable on return as far as `synchronous` goes. Transactions do not nest. */
  transaction<T>(work: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      this.#committed();
      return result;
    } catch (error) {
      // SQLite itself rolls back after some errors, among them a full disk.
      if (this.#database.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
