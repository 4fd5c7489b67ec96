import { failure } from '../../errors.ts';
import type { Call } from '../../supervisor/contract/actor.ts';
import { storeFailure } from './store-failure.ts';

type AnyHandlers = Record<string, (request: never, call: Call) => unknown>;

/** What answers wait for. */
interface Settling {
  readonly owes: boolean;
  settle(): Promise<void>;
}

/**
 * Stands around the handlers. Failures of the disk become answers; a stop waits for those that run; and no answer leaves
 * before all that it may tell of is on the disk: a peer that heard of a revision must not hear of another with its number
 * after a loss of power.
 */
export class GuardedHandlers {
  readonly #home: string;
  readonly #database: Settling;
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(home: string, database: Settling) {
    this.#home = home;
    this.#database = database;
  }

  /** The handlers, async, with the same types. */
  wrap<H extends AnyHandlers>(handlers: H): H {
    const guarded = Object.entries(handlers).map(([name, handler]) => [
      name,
      (request: never, call: Call) => this.#run(() => handler(request, call), call),
    ]);
    return Object.fromEntries(guarded) as H;
  }

  /** From here on every call is refused; resolves when none runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #run(work: () => unknown, call: Call): Promise<unknown> {
    if (this.#closed) return Promise.reject(failure('E_ABORTED', 'the store stops'));
    let settling: Promise<void> | null = null;
    const turn = this.#known(async () => {
      const answer = await work();
      if (!this.#database.owes) return answer;
      settling = this.#known(() => this.#database.settle());
      if (call.hold) call.hold(settling);
      else await settling;
      return answer;
    });
    const over = Promise.allSettled([this.#running, turn.then(() => settling)]);
    // Without their values: a chain of them would keep every answer that was ever given.
    this.#running = over.then(() => {});
    return turn;
  }

  async #known<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeFailure(error, this.#home);
    }
  }
}
