import { LENGTH_PREFIX } from '../../src/protocol/wire/limits.ts';
import type { Channel } from './channel.ts';

/** What a wait for a frame came to. */
export type Received =
  | { readonly kind: 'frame'; readonly body: Buffer }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silence' };

/** One connection cut into frames, without any opinion on what is in them. */
export class Frames {
  readonly channel: Channel;
  #closed = false;
  #pending: Buffer = Buffer.alloc(0);
  readonly #frames: Buffer[] = [];
  #wake = () => {};

  constructor(channel: Channel) {
    this.channel = channel;
    channel.listen(
      (octets) => {
        this.#pending =
          this.#pending.length === 0 ? Buffer.from(octets) : Buffer.concat([this.#pending, octets]);
        this.#cut();
        this.#wake();
      },
      () => {
        this.#closed = true;
        this.#wake();
      },
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(octets: Uint8Array): void {
    this.channel.write(octets);
  }

  destroy(): void {
    this.channel.destroy();
  }

  /** The next frame, or what came instead of it within that time. */
  async next(ms: number): Promise<Received> {
    const deadline = performance.now() + ms;
    for (;;) {
      const body = this.#frames.shift();
      if (body) return { kind: 'frame', body };
      if (this.#closed) return { kind: 'closed' };
      const left = deadline - performance.now();
      if (left <= 0) return { kind: 'silence' };
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
  }

  #cut(): void {
    while (this.#pending.length >= LENGTH_PREFIX) {
      const end = LENGTH_PREFIX + this.#pending.readUInt32BE(0);
      if (this.#pending.length < end) return;
      this.#frames.push(this.#pending.subarray(LENGTH_PREFIX, end));
      this.#pending = this.#pending.subarray(end);
    }
  }
}
