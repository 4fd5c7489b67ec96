import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import { CHUNK_SIZE, chunkLength } from '../../protocol/objects/chunks.ts';
import { CHUNK_PREAMBLE_MAX, writeChunkPreamble } from '../../protocol/wire/chunk-data.ts';
import { type ChunkBuffers, DATA_OFFSET } from './chunk-buffers.ts';
import { ContentFile } from './content-file.ts';
import { ContentFiles } from './content-files.ts';
import type { ShardContext } from './context.ts';

export interface ChunkRequest {
  readonly reqId: number;
  readonly contentId: Uint8Array;
  readonly index: number;
}

/** A frame to send, in a recycled buffer that goes back once it is sent. */
export interface ChunkReply {
  readonly frame: Uint8Array;
  readonly buffer: Buffer<ArrayBuffer>;
  /** Shares that the content is in. */
  readonly shareIds: readonly string[];
}

/** Null: this node has no such chunk. `unavailable`: whether it has cannot be said now. */
export type ChunkAnswer = ChunkReply | null | 'unavailable';

/** Answers chunk requests from the published files, without allocation or thread crossing where it can. */
export class ChunkServer {
  readonly #context: ShardContext;
  readonly #buffers: ChunkBuffers;
  readonly #files: ContentFiles;
  readonly #preamble = Buffer.alloc(CHUNK_PREAMBLE_MAX);
  readonly #now: () => number;
  /** The content asked for last, in both its forms: chunks of one are asked for in a row. */
  #lastId: Uint8Array = new Uint8Array(0);
  #lastName = '';

  constructor(context: ShardContext, buffers: ChunkBuffers) {
    this.#context = context;
    this.#buffers = buffers;
    this.#files = new ContentFiles(context);
    this.#now = () => context.clock.now();
  }

  /** A promise only when the store or a slow disk has to be waited for. */
  serve(request: ChunkRequest): ChunkAnswer | Promise<ChunkAnswer> {
    const file = this.#files.get(this.#nameOf(request.contentId));
    if (file instanceof ContentFile) return this.#read(request, file);
    // Looked up once more, because a file that was just opened may have been closed before its turn came.
    if (file instanceof Promise)
      return file.then((opened) => (opened instanceof ContentFile ? this.serve(request) : opened));
    return file;
  }

  close(): void {
    this.#files.close();
  }

  #nameOf(contentId: Uint8Array): string {
    if (!bytesEqual(contentId, this.#lastId)) {
      this.#lastId = contentId;
      this.#lastName = toHex(contentId);
    }
    return this.#lastName;
  }

  #read(request: ChunkRequest, file: ContentFile): ChunkReply | null | Promise<ChunkReply | null> {
    const length = chunkLength(file.lease.size, request.index);
    if (length === 0) return null;
    const buffer = this.#buffers.take();
    const position = request.index * CHUNK_SIZE;
    const whole = file.read(buffer, DATA_OFFSET, length, position, this.#now);
    const finish = (read: boolean) => this.#finish(request, file, buffer, read ? length : -1);
    return whole instanceof Promise ? whole.then(finish) : finish(whole);
  }

  #finish(
    { reqId, contentId, index }: ChunkRequest,
    file: ContentFile,
    buffer: Buffer<ArrayBuffer>,
    length: number,
  ): ChunkReply | null {
    if (length < 0) {
      this.#buffers.give(buffer);
      this.#files.gone(file);
      return null;
    }
    const size = writeChunkPreamble(this.#preamble, 0, { reqId, contentId, index, length });
    const start = DATA_OFFSET - size;
    this.#preamble.copy(buffer, start, 0, size);
    this.#context.metrics.add('disk_read', length);
    this.#context.metrics.add('chunks_served', 1);
    return {
      frame: buffer.subarray(start, DATA_OFFSET + length),
      buffer,
      shareIds: file.lease.shareIds,
    };
  }
}
