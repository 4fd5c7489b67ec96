import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkLists } from './chunk-lists.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { FetchCrew } from './fetch-crew.ts';
import { type Batch, FetchSchedule } from './fetch-schedule.ts';
import type { Finisher } from './finisher.ts';

/** Corrupt chunks after which nobody asks a provider for that file any more. */
const CORRUPT_A_FILE = 2;

/** A smaller file lies in one piece anyway. */
const WORTH_ALLOCATING = 16 << 20;

/** The files that several providers fetch together, and what became of each of their chunks. */
export class FetchWork {
  readonly parts: DownloadParts;
  readonly files: readonly DownloadFile[];
  readonly schedule: FetchSchedule;
  readonly crew = new FetchCrew();
  readonly lists: ChunkLists;
  /** Keys of the providers that take part: one that has several addresses takes part once. */
  readonly keys = new Set<string>();
  /** Addresses of those that gave something, in the order in which they first did. */
  readonly useful = new Set<string>();
  /** Why providers that were useful were given up. */
  error: ActorError | null = null;
  /** Chunks that were here when it began were not: they have to come as well. */
  lost = false;
  readonly #finisher: Pick<Finisher, 'fetched'>;
  readonly #making = new Map<DownloadFile, Promise<void>>();
  readonly #running = new Map<number, AbortController>();
  /** Files that are whole, with the batches that may still write to them. */
  readonly #written = new Map<DownloadFile, Set<number>>();
  readonly #corrupt = new Map<string, number>();

  constructor(parts: DownloadParts, files: readonly DownloadFile[], finisher: Pick<Finisher, 'fetched'>) {
    this.parts = parts;
    this.files = files;
    this.#finisher = finisher;
    this.schedule = new FetchSchedule(files, parts.order);
    this.lists = new ChunkLists(parts);
    // Whole since an earlier run, but for its name.
    for (const file of files) if (file.have.full) this.#whole(file);
    if (this.schedule.left === 0) this.crew.end();
  }

  /** Contents that are still missing, some of them. */
  get contentIds(): readonly string[] {
    return this.files.flatMap(({ state, contentId }) => (state === 'missing' ? contentId : [])).slice(0, 4);
  }

  /** Makes the unfinished file, once for all who write to it. */
  async make(file: DownloadFile): Promise<void> {
    if (file.unfinished !== null) return;
    let making = this.#making.get(file);
    if (making === undefined) {
      making = this.#makeOnce(file);
      this.#making.set(file, making);
    }
    await making;
  }

  /** A batch begins; the signal ends it when others have brought all of it. */
  begin(batch: Batch): AbortSignal {
    const end = new AbortController();
    this.#running.set(batch.id, end);
    return end.signal;
  }

  /** Ranges of chunks of a batch, as the transport tells them. */
  written(batch: Batch, ranges: readonly number[], provider: string): void {
    const { progress, keeper } = this.parts;
    for (let at = 0; at + 2 < ranges.length; at += 3) {
      const portion = batch.portions[ranges[at]!];
      if (portion === undefined) continue;
      const file = this.files[portion.file]!;
      const arrival = this.schedule.written(batch.id, portion.file, ranges[at + 1]!, ranges[at + 2]!);
      if (arrival.bytes === 0) continue;
      progress.whole += arrival.bytes;
      this.useful.add(provider);
      keeper.changed(file);
      for (const id of arrival.obsolete) this.#running.get(id)?.abort();
      if (arrival.whole) this.#wholeAfter(file, arrival.writing);
    }
    if (this.schedule.left === 0) this.crew.end();
  }

  ended(batch: Batch): void {
    this.#running.delete(batch.id);
    this.schedule.ended(batch.id);
    for (const [file, writing] of this.#written) {
      if (!writing.delete(batch.id) || writing.size > 0) continue;
      this.#written.delete(file);
      this.#whole(file);
    }
    this.crew.changed();
  }

  /** A chunk came with wrong bytes. True: it was one too many for this file. */
  corrupt(provider: number, file: number): boolean {
    const name = `${provider}/${file}`;
    const count = (this.#corrupt.get(name) ?? 0) + 1;
    this.#corrupt.set(name, count);
    return count >= CORRUPT_A_FILE;
  }

  /** Chunks of a file were lost again. */
  again(file: DownloadFile): void {
    const index = this.files.indexOf(file);
    if (index < 0) return;
    this.lost = true;
    this.schedule.again(index);
    this.crew.changed();
  }

  async #makeOnce(file: DownloadFile): Promise<void> {
    const { folder, context, signal } = this.parts;
    const path = await folder.unfinished(file.place, file.position, file.size);
    if (context.config.preallocate && file.size >= WORTH_ALLOCATING)
      file.allocated = await folder.allocate(path, file.size, signal).catch(async (error) => {
        await folder.discard(path);
        throw error;
      });
    file.unfinished = path;
  }

  /** A file gets its name only when nobody writes to it any more. */
  #wholeAfter(file: DownloadFile, writing: readonly number[]): void {
    if (writing.length === 0) return this.#whole(file);
    this.#written.set(file, new Set(writing));
    for (const id of writing) this.#running.get(id)?.abort();
  }

  #whole(file: DownloadFile): void {
    if (file.state !== 'missing') throw failure('E_INTERNAL', 'a file became whole twice');
    file.state = 'whole';
    this.#finisher.fetched(file);
  }
}
