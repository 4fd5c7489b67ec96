import { chunkCount } from '../../protocol/objects/chunks.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { ItemRow } from '../store/contract.ts';

/**
 * `missing`: not on this disk. `whole`: every chunk verified and written to the unfinished file. `done`: under its final
 * name. `failed`: cannot be had, whoever is asked.
 */
export type FileState = 'missing' | 'whole' | 'done' | 'failed';

/** One file of a download, from the plan to its final name. */
export class DownloadFile {
  readonly contentId: string;
  readonly size: number;
  readonly chunks: number;
  /** Hex, as signed. */
  readonly chunkListHash: string;
  /** Where the share wants it, below the target folder. */
  readonly path: readonly string[];
  /** Where it goes: the path, or one beside it when that is taken. */
  place: readonly string[];
  state: FileState = 'missing';
  /** The unfinished file, once it exists. */
  unfinished: string | null = null;
  /** 32 octets a chunk, checked against the signed hash of the list; null: not known yet. */
  hashes: Uint8Array | null = null;
  /** Octets that lay on this disk already. */
  resumed = 0;
  /** Why it was not had, last time. */
  error: ActorError | null = null;
  /** Files of the same content: copied from this one once it is done. */
  readonly twins: DownloadFile[] = [];

  constructor(item: ItemRow, path: readonly string[], place: readonly string[]) {
    this.contentId = item.contentId;
    this.size = item.size;
    this.chunks = chunkCount(item.size);
    this.chunkListHash = item.chunkListHash;
    this.path = path;
    this.place = place;
  }

  get name(): string {
    return this.path.join('/');
  }
}
