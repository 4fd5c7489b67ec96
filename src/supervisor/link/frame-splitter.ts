/** Bytes of the length in front of every frame: u32, big-endian. */
const PREFIX = 4;

/** The stream announced a frame above the limit: nothing after it can be trusted. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';
}

/**
 * Cuts a byte stream into frames. Memory is taken as bytes arrive, never by the announced length; a frame is
 * joined once, when it is whole.
 */
export class FrameSplitter {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #held = 0;
  /** Length of the frame being read; null while its prefix is incomplete. */
  #awaited: number | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True in the middle of a frame. */
  get partial(): boolean {
    return this.#held > 0 || this.#awaited !== null;
  }

  /** Frames that are whole with this piece. Throws `FrameTooLargeError`. */
  *push(piece: Buffer): Generator<Buffer> {
    if (piece.length > 0) {
      this.#pieces.push(piece);
      this.#held += piece.length;
    }
    for (;;) {
      if (this.#awaited === null) {
        if (this.#held < PREFIX) return;
        this.#awaited = this.#take(PREFIX).readUInt32BE(0);
        if (this.#awaited > this.#limit) {
          throw new FrameTooLargeError(`a frame of ${this.#awaited} bytes, ${this.#limit} are allowed`);
        }
      }
      if (this.#held < this.#awaited) return;
      const frame = this.#take(this.#awaited);
      this.#awaited = null;
      yield frame;
    }
  }

  /** The first `count` bytes; there are that many. */
  #take(count: number): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    const rest = all.subarray(count);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return all.subarray(0, count);
  }
}

/** The frame with its length in front. */
export function withLength(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, PREFIX);
  return frame;
}
