/** Wakes the one who waits for something to happen. A ring that nobody waited for is not lost. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or at once after one that nobody heard. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) await this.#nextRing(signal);
    this.#rung = false;
  }

  #nextRing(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => () => {
        signal.removeEventListener('abort', abort);
        this.#wake = null;
        end();
      };
      const abort = settle(() => reject(signal.reason));
      this.#wake = settle(resolve);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
