import { createHash, type Hash } from 'node:crypto';

/** Lines kept: the end of the story. */
const LINES = 200;

/**
 * What happened in a network, as one number: two runs with the same digest had the same messages with the same octets at
 * the same times. With `keep`, the last lines can be read too.
 */
export class Trace {
  readonly #hash: Hash = createHash('sha256');
  readonly #lines: string[] = [];
  readonly #keep: boolean;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  note(at: number, line: string, octets?: Uint8Array): void {
    this.#hash.update(`${at} ${line}\n`);
    if (octets !== undefined) this.#hash.update(octets);
    if (!this.#keep) return;
    this.#lines.push(`${at.toFixed(3).padStart(12)}  ${line}`);
    if (this.#lines.length > LINES) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** 64 hex, of everything so far. */
  get digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
