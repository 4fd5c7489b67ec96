import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { GroupSync } from './group-sync.ts';

export type SqlValue = string | number | Uint8Array | null;

interface Options {
  /** Called after every transaction. */
  readonly committed?: () => void;
  /** Brings transactions to the disk. Without one SQLite does at its checkpoints: a loss of power may cost the last. */
  readonly sync?: GroupSync;
}

/**
 * One SQLite file, written by this thread alone, with a write-ahead log. A crash of the process loses no transaction, a
 * loss of power none that was settled. SQLite itself syncs the log before each checkpoint (synchronous=NORMAL), and never
 * leaves half a transaction; when else is the business of `sync`, so that several can share a trip to the disk.
 * Statements are prepared once. Row types are the caller's promise about its own SQL: tables are STRICT.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #committed: () => void;
  readonly #sync: GroupSync | null;

  constructor(path: string, { committed = () => {}, sync }: Options = {}) {
    this.#committed = committed;
    this.#sync = sync ?? null;
    this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    try {
      this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF');
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

  /** All of it or nothing, on the disk on return. Transactions do not nest. */
  transaction<T>(work: () => T): T {
    const result = this.groupedTransaction(work);
    this.#sync?.settleNow();
    return result;
  }

  /** All of it or nothing, on the disk when `settle` resolves: for messages that may come by the thousand. */
  groupedTransaction<T>(work: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      this.#sync?.wrote();
      this.#committed();
      return result;
    } catch (error) {
      // SQLite itself rolls back after some errors, among them a full disk.
      if (this.#database.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  /** Something may not be on the disk yet that whoever reads here can see. */
  get owes(): boolean {
    return this.#sync?.owes ?? false;
  }

  /** Resolves when every transaction before it is on the disk. */
  async settle(): Promise<void> {
    await this.#sync?.settle();
  }

  close(): void {
    this.#sync?.close();
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
