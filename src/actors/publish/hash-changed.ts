import type { HashedFile } from '../hashing/contract.ts';
import type { ContentSource } from '../store/contract.ts';
import type { PublishContext } from './context.ts';
import type { FoundFile } from './file-walk.ts';
import type { PublishMeter } from './publish-meter.ts';
import { reasonOfRecord, type SkippedFiles } from './skipped-files.ts';

/** A file of the share whose hashes are known. */
export interface KnownFile {
  readonly inside: string;
  readonly chunkListHash: string;
  readonly source: ContentSource;
}

/** Hash lists sent to the store in one message. */
const LISTS_A_PUT = 64;
const OCTETS_A_PUT = 1 << 20;
const HASH = 32;

/**
 * Hashes the files and gives their hash lists to the store, which has all of them on disk when this ends. Yields
 * whenever something is done; files that could not be hashed are skipped.
 */
export async function* hashChanged(
  { refs }: PublishContext,
  files: readonly FoundFile[],
  meter: PublishMeter,
  skipped: SkippedFiles,
  signal: AbortSignal,
): AsyncGenerator<readonly KnownFile[], void, undefined> {
  if (files.length === 0) return;
  const lists = new ListsForStore(refs.store, signal);
  const paths = files.map(({ path }) => path);
  for await (const event of refs.hashing.stream('hashFiles', { paths }, { signal })) {
    if (event.kind === 'progress') {
      meter.hashed = event.bytes;
      yield [];
    } else if (event.kind === 'failed') {
      meter.files++;
      skipped.add(paths[event.index]!, reasonOfRecord(event.error));
    } else {
      meter.files += event.files.length;
      await lists.add(event.files);
      yield event.files.map((hashed) => known(files[hashed.index]!, hashed));
    }
  }
  await lists.end();
}

function known({ path, inside }: FoundFile, hashed: HashedFile): KnownFile {
  const { contentId, size, mtimeNs, ctimeNs, inode, chunkListHash } = hashed;
  return { inside, chunkListHash, source: { contentId, path, size, mtimeNs, ctimeNs, inode } };
}

/** Sends hash lists to the store in batches, one on its way while the next is collected. */
class ListsForStore {
  readonly #store: PublishContext['refs']['store'];
  readonly #signal: AbortSignal;
  #batch: { contentId: string; hashes: Uint8Array }[] = [];
  #octets = 0;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(store: PublishContext['refs']['store'], signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  async add(files: readonly HashedFile[]): Promise<void> {
    for (const { contentId, hashes } of files) {
      // The hash of an only chunk is the content id: there is no list to keep.
      if (hashes.length <= HASH) continue;
      this.#batch.push({ contentId, hashes });
      this.#octets += hashes.length;
      if (this.#batch.length >= LISTS_A_PUT || this.#octets >= OCTETS_A_PUT) await this.#send();
    }
  }

  async end(): Promise<void> {
    if (this.#batch.length > 0) await this.#send();
    await this.#sending;
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#octets = 0;
    await this.#sending;
    this.#sending = this.#store.ask('putHashLists', batch, { signal: this.#signal });
    // The next send, or the end, tells of a failure; neither comes if something else fails first.
    this.#sending.catch(() => {});
  }
}
