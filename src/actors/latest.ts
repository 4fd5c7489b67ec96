/** A value that others follow: whoever is slow sees the last one and misses those between. */
export class Latest<T> {
  #value: T;
  readonly #wakers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    for (const wake of this.#wakers) wake();
  }

  /** The one there is and, until the signal, every later one that is there when the last was taken. */
  async *follow(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let told: { readonly value: T } | null = null;
    let wake = () => {};
    const waker = () => wake();
    this.#wakers.add(waker);
    signal.addEventListener('abort', waker, { once: true });
    try {
      while (!signal.aborted) {
        if (told === null || told.value !== this.#value) {
          told = { value: this.#value };
          yield told.value;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#wakers.delete(waker);
      signal.removeEventListener('abort', waker);
    }
  }
}
