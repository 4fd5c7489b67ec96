import type { TrafficCount } from './contract.ts';
import type { Database } from './database.ts';

/** What an operator set while the node ran, in `state.db`, and what went by then, in `progress.db`. */
export class LiveSettings {
  readonly #state: Database;
  readonly #progress: Database;

  constructor(state: Database, progress: Database) {
    this.#state = state;
    this.#progress = progress;
  }

  get(name: string): string | null {
    const row = this.#state.get<{ value: string }>('SELECT value FROM live_settings WHERE name = ?', name);
    return row?.value ?? null;
  }

  put(name: string, value: string | null): void {
    this.#state.transaction(() => {
      if (value === null) this.#state.run('DELETE FROM live_settings WHERE name = ?', name);
      else this.#state.run('INSERT OR REPLACE INTO live_settings VALUES (?, ?)', name, value);
    });
  }

  traffic(): readonly TrafficCount[] {
    return this.#progress.all<TrafficCount>('SELECT period, up, down FROM traffic ORDER BY period');
  }

  keepTraffic(counts: readonly TrafficCount[]): void {
    this.#progress.transaction(() => {
      this.#progress.run('DELETE FROM traffic');
      for (const { period, up, down } of counts) {
        this.#progress.run('INSERT INTO traffic VALUES (?, ?, ?)', period, up, down);
      }
    });
  }
}
