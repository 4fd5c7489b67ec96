/** Runs turns at once, or strictly one after another for a serial contract. */
export class Turns {
  readonly #serial: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(serial: boolean) {
    this.#serial = serial;
  }

  run<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.#serial) return callNow(work);
    const turn = this.#last.then(work);
    this.#last = turn.then(ignore, ignore);
    return turn;
  }
}

async function callNow<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}

const ignore = () => {};
