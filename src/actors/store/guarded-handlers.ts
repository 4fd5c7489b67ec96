import { failure } from '../../errors.ts';
import type { Call } from '../../supervisor/contract/actor.ts';
import { storeFailure } from './store-failure.ts';

type AnyHandlers = Record<string, (request: never, call: Call) => unknown>;

/** Stands around the handlers: failures of the disk become answers, and a stop waits for the one that runs. */
export class GuardedHandlers {
  readonly #home: string;
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(home: string) {
    this.#home = home;
  }

  /** The handlers, async, with the same types. */
  wrap<H extends AnyHandlers>(handlers: H): H {
    const guarded = Object.entries(handlers).map(([name, handler]) => [
      name,
      (request: never, call: Call) => this.#run(() => handler(request, call)),
    ]);
    return Object.fromEntries(guarded) as H;
  }

  /** From here on every call is refused; resolves when none runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #run(work: () => unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(failure('E_ABORTED', 'the store stops'));
    const call = (async () => {
      try {
        return await work();
      } catch (error) {
        throw storeFailure(error, this.#home);
      }
    })();
    const both = Promise.allSettled([this.#running, call]);
    // Without their values: a chain of them would keep every answer that was ever given.
    this.#running = both.then(() => {});
    return call;
  }
}
