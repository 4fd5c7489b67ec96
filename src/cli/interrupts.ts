/** Ctrl-C and its like: the first asks for an orderly end, the second for any end. */
export class Interrupts {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.#first.signal.aborted && name === 'SIGINT') this.#second.abort(name);
    else this.#first.abort(name);
  };

  readonly first: AbortSignal = this.#first.signal;
  /** Another SIGINT came after the first signal. */
  readonly second: AbortSignal = this.#second.signal;

  /** As the first signal does. */
  stop(reason: string): void {
    this.#first.abort(reason);
  }

  listen(): void {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  close(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
