import { failure } from '../../errors.ts';
import type { Hex } from '../content-types.ts';

/** Contents a slow listener may have waiting; beyond it the stream ends, and the listener gives up every lease. */
const MAX_WAITING = 100_000;
/** Contents in one item of the stream. */
const MAX_AT_ONCE = 1_000;

interface Listener {
  readonly waiting: Set<Hex>;
  overrun: boolean;
  wake: () => void;
}

/** Tells every shard whose leases became void, in the order in which they did. */
export class LeaseChanges {
  readonly #listeners = new Set<Listener>();

  get listeners(): number {
    return this.#listeners.size;
  }

  announce(contentIds: Iterable<Hex>): void {
    const ids = [...contentIds];
    if (ids.length === 0) return;
    for (const listener of this.#listeners) {
      for (const id of ids) listener.waiting.add(id);
      if (listener.waiting.size > MAX_WAITING) {
        listener.waiting.clear();
        listener.overrun = true;
      }
      listener.wake();
    }
  }

  /** Everything announced from this call on. Ends with the signal. */
  listen(signal: AbortSignal): AsyncGenerator<{ contentIds: readonly Hex[] }, void, undefined> {
    const listener: Listener = { waiting: new Set(), overrun: false, wake: () => {} };
    this.#listeners.add(listener);
    return this.#follow(listener, signal);
  }

  async *#follow(
    listener: Listener,
    signal: AbortSignal,
  ): AsyncGenerator<{ contentIds: readonly Hex[] }, void, undefined> {
    const onAbort = () => listener.wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) {
        if (listener.overrun) throw failure('E_BUSY', 'the listener is too slow: every lease may be void');
        if (listener.waiting.size === 0) {
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
          continue;
        }
        const contentIds = [...listener.waiting].slice(0, MAX_AT_ONCE);
        for (const id of contentIds) listener.waiting.delete(id);
        yield { contentIds };
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
