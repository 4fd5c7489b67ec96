import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ChunkMap } from '../../../src/actors/chunk-map.ts';
import type { FetchEvent, FetchFile } from '../../../src/actors/transport/contract.ts';
import { failure } from '../../../src/errors.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { bytesEqual, concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { CHUNK_SIZE, chunkCount } from '../../../src/protocol/objects/chunks.ts';
import { CHUNK_HASH_LIST, GET_CHUNK_HASHES } from '../../../src/protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../../src/protocol/wire/registry.ts';

export const chunksOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / CHUNK_SIZE) }, (_, i) =>
    bytes.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE),
  );

export const hashesOf = (bytes: Uint8Array): Uint8Array =>
  concatBytes(...chunksOf(bytes).map((chunk) => blake3(chunk)));

/** A provider behind a shard that does what the transport promises: it verifies, writes real files, and tells. */
export class ScriptedProvider {
  readonly contents = new Map<string, Uint8Array>();
  /** Content ids whose hash list was asked for, and that were fetched, one entry an asking. */
  readonly listed: string[] = [];
  readonly fetched: string[] = [];
  /** Chunks that were asked for, `content id/index`. */
  readonly chunks: string[] = [];
  readonly batches: number[] = [];
  connects = 0;
  openFetches = 0;
  mostFetches = 0;
  /** Thrown by connect. */
  refuses: (() => Error) | null = null;
  /** Replaces the hash list. */
  list: ((contentId: string) => Uint8Array) | null = null;
  /** What a chunk is when it arrives; may throw, may wait. */
  chunk: (
    bytes: Uint8Array,
    contentId: string,
    index: number,
    signal: AbortSignal,
  ) => Uint8Array | Promise<Uint8Array> = (bytes) => bytes;

  /** What the shard says a whole file hashes to, because its chunks came in order. */
  identifies: (contentId: string) => string | null = () => null;

  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  put(...files: readonly Uint8Array[]): this {
    for (const bytes of files) this.contents.set(toHex(blake3(bytes)), bytes);
    return this;
  }

  connect(): object {
    this.connects++;
    if (this.refuses !== null) throw this.refuses();
    return { address: this.address };
  }

  request(type: number, payload: Uint8Array): { type: number; payload: Uint8Array } {
    if (type !== GET_CHUNK_HASHES) throw new Error(`asked for ${type}`);
    const { contentId } = decodeRequest(GET_CHUNK_HASHES, payload);
    const id = toHex(contentId);
    this.listed.push(id);
    const hashes = this.list?.(id) ?? hashesOf(this.#content(id, 'chunk hashes not found'));
    return { type: CHUNK_HASH_LIST, payload: encodeReply(GET_CHUNK_HASHES, { contentId, hashes }) };
  }

  async *fetch(
    files: readonly FetchFile[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchEvent, void, undefined> {
    this.batches.push(files.length);
    this.mostFetches = Math.max(this.mostFetches, ++this.openFetches);
    try {
      yield { kind: 'asked' };
      for (const [index, file] of files.entries()) yield* this.#fetchOne(index, file, signal);
      yield { kind: 'spent', verifyMs: 2, writeMs: 1 };
    } finally {
      this.openFetches--;
    }
  }

  async *#fetchOne(index: number, file: FetchFile, signal: AbortSignal): AsyncGenerator<FetchEvent> {
    const { contentId, path, hashes, size } = file;
    this.fetched.push(contentId);
    const map = file.wanted ? ChunkMap.from(chunkCount(size), file.wanted) : ChunkMap.all(chunkCount(size));
    let left = map!.count;
    const target = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      for (const [chunk, bytes] of chunksOf(this.#content(contentId, 'chunk not found', path)).entries()) {
        if (!map!.has(chunk)) continue;
        this.chunks.push(`${contentId}/${chunk}`);
        const arrived = await this.chunk(bytes, contentId, chunk, signal);
        if (signal.aborted) throw failure('E_ABORTED', 'the call was cancelled');
        if (!bytesEqual(blake3(arrived), hashes.subarray(chunk * 32, chunk * 32 + 32))) {
          yield { kind: 'corrupt', index, chunk };
          throw failure('E_CHUNK_CORRUPT', `chunk ${chunk} came twice with wrong bytes`, { subject: path });
        }
        await target.write(arrived, 0, arrived.length, chunk * CHUNK_SIZE);
        if (--left === 0) yield { kind: 'file', index, contentId: this.identifies(contentId) };
        yield { kind: 'progress', chunks: 1, bytes: arrived.length, written: [index, chunk, 1] };
      }
    } finally {
      await target.close();
    }
  }

  #content(id: string, otherwise: string, subject = this.address): Uint8Array {
    const bytes = this.contents.get(id);
    if (bytes === undefined) throw failure('E_PEER_ERROR', `the peer answered: ${otherwise}`, { subject });
    return bytes;
  }
}
