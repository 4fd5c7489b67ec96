import { isatty } from 'node:tty';

/**
 * SIGHUP while a node runs: its configuration is to be read again. In a terminal it may also mean that the terminal
 * is gone, which ends the node as SIGTERM does: nobody is left to see it or to stop it.
 */
export class HangUp {
  readonly #terminal: () => boolean;
  readonly #startedInOne: boolean;
  readonly #gone: () => void;
  #reload: (() => void) | null = null;
  #missed = false;

  /** `terminal`: whether standard input is one now. */
  constructor(gone: () => void, terminal: () => boolean = () => isatty(0)) {
    this.#gone = gone;
    this.#terminal = terminal;
    this.#startedInOne = terminal();
    process.on('SIGHUP', this.#onSignal);
  }

  /** From here on; a signal that came before counts. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#missed) reload();
    this.#missed = false;
  }

  close(): void {
    process.off('SIGHUP', this.#onSignal);
  }

  readonly #onSignal = (): void => {
    if (this.#startedInOne && !this.#terminal()) this.#gone();
    else if (this.#reload) this.#reload();
    else this.#missed = true;
  };
}
