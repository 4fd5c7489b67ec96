import { inspect } from 'node:util';

/** What every accidental way of writing a secret down shows instead of it. */
const HIDDEN = '[secret]';

/** Octets that must not leave by accident: logs, JSON, string conversion and `inspect` show a placeholder. */
export class Secret {
  readonly #octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /** The octets themselves; every caller is a place to look at in a review. */
  reveal(): Uint8Array {
    return this.#octets;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
