/** Of a text in UTF-8: three a code unit. */
export const mostOctets = (text: string): number => 3 * text.length;

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
    this.piece(mostOctets(text), (buffer, at) => buffer.write(text, at, 'utf8'));
  }

  /** A piece of at most so many octets: `write` puts it into the buffer at its place, and says how many they are. */
  piece(most: number, write: (buffer: Buffer, at: number) => number): void {
    this.#reserve(most);
    this.#length += write(this.#buffer, this.#length);
    this.#offsets[++this.#pieces] = this.#length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + more));
    grown.set(this.octets);
    this.#buffer = grown;
  }
}
