import { CHUNK_SIZE, chunkCount, chunkLength } from '../../protocol/objects/chunks.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../chunk-map.ts';
import type { FileProgress, StoredFile, UnfinishedLook } from '../ledger-types.ts';

/**
 * `missing`: not on this disk. `whole`: every chunk verified and written to the unfinished file. `done`: under its final
 * name. `failed`: cannot be had, whoever is asked.
 */
export type FileState = 'missing' | 'whole' | 'done' | 'failed';

/** One file of a download, from the plan to its final name. */
export class DownloadFile {
  /** Place in its transfer. */
  readonly position: number;
  readonly contentId: string;
  readonly size: number;
  readonly chunks: number;
  /** Hex, as signed. */
  readonly chunkListHash: string;
  /** Where the share wants it, below the target folder. */
  readonly path: readonly string[];
  /** Where it goes: the path, or one beside it when that is taken. */
  place: readonly string[];
  /** Where it lies, found in a folder of the operator's; null: at its place. */
  lies: string | null = null;
  state: FileState = 'missing';
  /** The unfinished file, once it exists. */
  unfinished: string | null = null;
  /** The disk has set its place aside: what is still to be written to it uses no room any more. */
  allocated = false;
  /** Chunks that were verified and lie in the unfinished file. */
  have: ChunkMap;
  /** How the unfinished file looked when `have` was written down last. */
  look: UnfinishedLook | null = null;
  /** 32 octets a chunk, checked against the signed hash of the list; null: not known yet. */
  hashes: Uint8Array | null = null;
  /** What the whole of it hashes to, found as it came in order; null: it has to be read. */
  identified: string | null = null;
  /** The store knows that it lies here: only then is it noted as done, or a kill in between would leave it unserved. */
  told = false;
  /** Octets that lay on this disk already. */
  resumed = 0;
  /** Why it was not had, last time. */
  error: ActorError | null = null;
  /** Files of the same content: copied from this one once it is done. */
  readonly twins: DownloadFile[] = [];

  constructor(
    item: Pick<StoredFile, 'position' | 'contentId' | 'size' | 'chunkListHash'>,
    path: readonly string[],
    place: readonly string[],
  ) {
    this.position = item.position;
    this.contentId = item.contentId;
    this.size = item.size;
    this.chunks = chunkCount(item.size);
    this.chunkListHash = item.chunkListHash;
    this.path = path;
    this.place = place;
    this.have = ChunkMap.none(this.chunks);
  }

  get name(): string {
    return this.path.join('/');
  }

  /** Octets of the chunks it has. */
  get bytes(): number {
    if (this.have.full) return this.size;
    const last = this.chunks - 1;
    const short = this.have.has(last) ? CHUNK_SIZE - chunkLength(this.size, last) : 0;
    return this.have.count * CHUNK_SIZE - short;
  }

  /** What the ledger keeps of it. */
  progress(have: ChunkMap, look: UnfinishedLook | null): FileProgress {
    const done = this.state === 'done' && this.told;
    return {
      position: this.position,
      place: this.place,
      state: done ? 'done' : 'missing',
      have: done || have.count === 0 ? null : have.octets,
      look: done ? null : look,
    };
  }

  stored(): StoredFile {
    const { contentId, size, chunkListHash, path } = this;
    return { contentId, size, chunkListHash, path, ...this.progress(this.have, this.look) };
  }
}
