import { failure } from '../../errors.ts';
import type { Ban } from '../known-peer-types.ts';
import { Latest } from '../latest.ts';
import type { Database } from './database.ts';

const MAX_BANS = 10_000;
const MAX_TARGET = 128;

/** Whom the operator wants nothing to do with; told to everybody who listens, at once and after every change. */
export class Bans {
  readonly #database: Database;
  readonly #changes = new Latest(0);

  constructor(database: Database) {
    this.#database = database;
  }

  list(): readonly Ban[] {
    return this.#database.all<Ban>('SELECT target, since FROM bans ORDER BY since, target');
  }

  /** False: it was so already. Durable on return. */
  add({ target, since }: Ban): boolean {
    if (target.length > MAX_TARGET) throw failure('E_USAGE', `a ban has at most ${MAX_TARGET} characters`);
    const { count } = this.#database.get<{ count: number }>('SELECT count(*) AS count FROM bans')!;
    if (count >= MAX_BANS) {
      throw failure('E_USAGE', `there are ${MAX_BANS} bans already`, {
        next: 'ban whole networks: ADDRESS/BITS',
      });
    }
    return this.#changed(
      this.#database.transaction(() =>
        this.#database.run('INSERT OR IGNORE INTO bans VALUES (?, ?)', target, since),
      ),
    );
  }

  remove(target: string): boolean {
    return this.#changed(
      this.#database.transaction(() => this.#database.run('DELETE FROM bans WHERE target = ?', target)),
    );
  }

  /** The whole list, now and whenever it is another. Ends with the signal. */
  async *follow(signal: AbortSignal): AsyncGenerator<readonly string[], void, undefined> {
    for await (const _ of this.#changes.follow(signal)) yield this.list().map(({ target }) => target);
  }

  #changed(rows: number): boolean {
    if (rows > 0) this.#changes.value++;
    return rows > 0;
  }
}
