import type { ContentSource, HashedSource } from '../content-types.ts';
import type { HashedFile } from '../hashing/contract.ts';
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

/** What is sent to the store in one message; sooner when it waited for long: it is what a kill -9 costs. */
const FILES_A_PUT = 256;
const OCTETS_A_PUT = 1 << 20;
const WAIT_MS = 250;

/**
 * Hashes the files and gives what comes of it to the store on the way, which has all of it on disk when this ends: a
 * publish that is cut off is not begun anew. Yields whenever something is done; files that could not be hashed are skipped.
 */
export async function* hashChanged(
  { refs, clock }: PublishContext,
  files: readonly FoundFile[],
  meter: PublishMeter,
  skipped: SkippedFiles,
  signal: AbortSignal,
): AsyncGenerator<readonly KnownFile[], void, undefined> {
  if (files.length === 0) return;
  const store = new HashedForStore(refs.store, clock, signal);
  const paths = files.map(({ path }) => path);
  for await (const event of refs.hashing.stream('hashFiles', { paths }, { signal })) {
    if (event.kind === 'progress') {
      meter.hashed = event.bytes;
      await store.sendWhatWaits();
      yield [];
    } else if (event.kind === 'failed') {
      meter.files++;
      skipped.add(paths[event.index]!, reasonOfRecord(event.error));
    } else {
      meter.files += event.files.length;
      await store.add(event.files, paths);
      yield event.files.map((hashed) => known(files[hashed.index]!, hashed));
    }
  }
  await store.end();
}

function known({ path, inside }: FoundFile, hashed: HashedFile): KnownFile {
  const { contentId, size, mtimeNs, ctimeNs, inode, chunkListHash } = hashed;
  return { inside, chunkListHash, source: { contentId, path, size, mtimeNs, ctimeNs, inode } };
}

/** Sends what was hashed to the store in batches, one on its way while the next is collected. */
class HashedForStore {
  readonly #store: PublishContext['refs']['store'];
  readonly #clock: PublishContext['clock'];
  readonly #signal: AbortSignal;
  #batch: HashedSource[] = [];
  #octets = 0;
  #since = 0;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(store: PublishContext['refs']['store'], clock: PublishContext['clock'], signal: AbortSignal) {
    this.#store = store;
    this.#clock = clock;
    this.#signal = signal;
  }

  async add(files: readonly HashedFile[], paths: readonly string[]): Promise<void> {
    if (this.#batch.length === 0) this.#since = this.#clock.now();
    for (const { index, ...hashed } of files) {
      this.#batch.push({ ...hashed, path: paths[index]! });
      this.#octets += hashed.hashes.length;
      if (this.#batch.length >= FILES_A_PUT || this.#octets >= OCTETS_A_PUT) await this.#send();
    }
    await this.sendWhatWaits();
  }

  async sendWhatWaits(): Promise<void> {
    if (this.#batch.length > 0 && this.#clock.now() - this.#since >= WAIT_MS) await this.#send();
  }

  async end(): Promise<void> {
    if (this.#batch.length > 0) await this.#send();
    await this.#sending;
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#octets = 0;
    this.#since = this.#clock.now();
    await this.#sending;
    this.#sending = this.#store.ask('keepHashed', batch, { signal: this.#signal });
    // The next send, or the end, tells of a failure; neither comes if something else fails first.
    this.#sending.catch(() => {});
  }
}
