import type { ChunkReply } from './chunk-server.ts';
import type { Sender } from './upload-line.ts';

/** What a chunk needs of the session that sends it. */
export interface SliceWriter {
  readonly nodeKey: string;
  /** Writes a slice; `sent` is called when the system has it, or never will. Must not throw. */
  write(slice: Uint8Array, sent: () => void): void;
  /** The last slice is written. Must not throw. */
  written(): void;
  /** The buffer is not needed any more. */
  release(reply: ChunkReply): void;
}

/** A chunk that goes out as the caps allow, piece by piece. */
export class SlicedChunk implements Sender {
  readonly shareIds: readonly string[];
  readonly #reply: ChunkReply;
  readonly #writer: SliceWriter;
  #at = 0;
  #underWay = 0;
  #over = false;

  constructor(reply: ChunkReply, writer: SliceWriter) {
    this.#reply = reply;
    this.#writer = writer;
    this.shareIds = reply.shareIds;
  }

  get nodeKey(): string {
    return this.#writer.nodeKey;
  }

  get left(): number {
    return this.#reply.frame.length - this.#at;
  }

  send(octets: number): void {
    const { frame } = this.#reply;
    const slice = frame.subarray(this.#at, this.#at + octets);
    this.#at += octets;
    this.#underWay++;
    if (this.left === 0) this.#over = true;
    this.#writer.write(slice, () => {
      this.#underWay--;
      this.#releaseIfOver();
    });
    if (this.left === 0) this.#writer.written();
  }

  /** The session is over: no more of it is sent. */
  abandon(): void {
    this.#over = true;
    this.#releaseIfOver();
  }

  #releaseIfOver(): void {
    if (this.#over && this.#underWay === 0) this.#writer.release(this.#reply);
  }
}
