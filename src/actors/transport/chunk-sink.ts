import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { DiskPace } from '../disk-pace.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import type { WantedChunk } from './chunk-plan.ts';
import type { FrameAssembler } from './frame-assembler.ts';

/** A write that takes longer went to a busy disk, not to memory: four times what 256 KiB usually take. */
const SLOW_WRITE_MS = 2;

/**
 * Verifies chunks where they arrived and writes them from there: at once while the disk takes them from memory to memory,
 * on libuv's pool while it does not, so that a slow disk stalls its own download and no other session of the shard.
 */
export class ChunkSink {
  verifyMs = 0;
  writeMs = 0;
  readonly #clock: Clock;
  readonly #buffers: ChunkBuffers;
  readonly #pace = new DiskPace(SLOW_WRITE_MS);
  readonly #config: { readonly diskQueue: number };
  #writing = 0;

  /** Beyond `diskQueue` writes on the pool nothing more is asked for: this is how a slow disk slows the peer. */
  constructor(clock: Clock, buffers: ChunkBuffers, config: { readonly diskQueue: number }) {
    this.#config = config;
    this.#clock = clock;
    this.#buffers = buffers;
  }

  /** The disk is behind. */
  get full(): boolean {
    return this.#writing >= this.#config.diskQueue;
  }

  /**
   * False: these are not the octets of the chunk, and nothing was written. Else `written` is called once, before
   * or after the return. `data` is a view on `frame`, which the assembler hands out at the moment.
   */
  put(
    { file, chunk }: WantedChunk,
    data: Uint8Array,
    assembler: FrameAssembler,
    frame: Uint8Array,
    written: (error: ActorError | null) => void,
  ): boolean {
    const start = this.#clock.now();
    const good = file.verify(chunk, data);
    const verified = this.#clock.now();
    this.verifyMs += verified - start;
    if (!good) return false;
    if (this.#pace.usePool(verified)) {
      this.#writeOnPool(file, chunk, this.#keep(data, assembler, frame), verified, written);
      return true;
    }
    let failed: ActorError | null = null;
    try {
      file.writeNow(chunk, data);
    } catch (error) {
      failed = error as ActorError;
    }
    const end = this.#clock.now();
    this.writeMs += end - verified;
    this.#pace.took(verified, end);
    written(failed);
    return true;
  }

  #writeOnPool(
    file: WantedChunk['file'],
    chunk: number,
    { data, buffer }: { data: Uint8Array; buffer: Buffer<ArrayBuffer> },
    start: number,
    written: (error: ActorError | null) => void,
  ): void {
    this.#writing++;
    file.writeOnPool(chunk, data, (error) => {
      this.#writing--;
      this.writeMs += this.#clock.now() - start;
      this.#buffers.give(buffer);
      written(error);
    });
  }

  /** Octets that outlive the frame: with its own buffer where that can be had, else copied. */
  #keep(data: Uint8Array, assembler: FrameAssembler, frame: Uint8Array) {
    const taken = assembler.take(frame);
    if (taken) return { data, buffer: taken };
    const buffer = this.#buffers.take();
    buffer.set(data);
    return { data: buffer.subarray(0, data.length), buffer };
  }
}
