/** Octets one after another in a buffer that grows, with the place where each piece begins. */
export class OctetWriter {
  #buffer: Buffer;
  readonly #offsets: Uint32Array;
  #pieces = 0;
  #length = 0;

  /** `pieces`: how many there will be at most; `length`: a guess. */
  constructor(pieces: number, length: number) {
    this.#offsets = new Uint32Array(pieces + 1);
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(64, length));
  }

  /** Where each piece begins, and the end of the last. */
  get offsets(): Uint32Array {
    return this.#offsets;
  }

  get octets(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** A piece of UTF-8. */
  text(text: string): void {
    // Three octets a code unit at most.
    this.#reserve(3 * text.length);
    this.#end(this.#buffer.write(text, this.#length, 'utf8'));
  }

  /** A piece. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#end(bytes.length);
  }

  #end(written: number): void {
    this.#length += written;
    this.#offsets[++this.#pieces] = this.#length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + more));
    grown.set(this.octets);
    this.#buffer = grown;
  }
}
