import { ChunkBuffers } from '../../../src/actors/transport/chunk-buffers.ts';

/** Recycled buffers that notice being given back twice, and spoil what is still read from one that was. */
export class WatchedBuffers extends ChunkBuffers {
  readonly out = new Set<Buffer<ArrayBuffer>>();
  taken = 0;

  override take(): Buffer<ArrayBuffer> {
    const buffer = super.take();
    this.out.add(buffer);
    this.taken++;
    return buffer;
  }

  override give(buffer: Buffer<ArrayBuffer>): void {
    if (!this.out.delete(buffer)) throw new Error('a buffer given back that nobody has');
    buffer.fill(0xee);
    super.give(buffer);
  }
}
