import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { PexContext } from './context.ts';
import { type PeerTable, TABLE_BOUNDS } from './peer-table.ts';

/** Changes are written down so often, all of them at once. */
const WRITE_MS = 30_000;

/** Brings the table from the store, and what changes in it back. */
export class TableKeeper {
  readonly #context: PexContext;
  readonly #table: PeerTable;

  constructor(context: PexContext, table: PeerTable) {
    this.#context = context;
    this.#table = table;
  }

  async load(): Promise<void> {
    this.#table.load(await this.#context.refs.store.ask('knownPeers', { limit: TABLE_BOUNDS.peers }));
  }

  /** Until the actor stops. */
  async run(): Promise<void> {
    const { clock, signal } = this.#context;
    for (;;) {
      await sleep(clock, WRITE_MS, signal);
      await this.write();
    }
  }

  /** What cannot be written now is written the next time. */
  async write(): Promise<void> {
    const { refs, log } = this.#context;
    const { kept, gone } = this.#table.takeChanges();
    if (kept.length === 0 && gone.length === 0) return;
    try {
      await refs.store.ask('ratePeers', { peers: kept, gone });
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      this.#table.putBack([...kept.map(({ address }) => address), ...gone]);
      log.debug({ code: error.code, reason: error.message }, 'peers were not written down');
    }
  }
}
