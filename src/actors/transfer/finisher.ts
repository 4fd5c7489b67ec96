import { failure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../chunk-map.ts';
import { copyFile } from './copy-file.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { PlaceSurvey } from './place-survey.ts';
import { verifyAgain } from './restore-files.ts';

/** Files finished at once: enough for their syncs to share the disk's commits. */
const AT_ONCE = 8;
const EMPTY_ID = toHex(blake3(new Uint8Array(0)));

/**
 * Brings files whose octets are on this disk to their final names, beside the fetching of others: whole-file id, sync,
 * name. A file that is not what was signed fails alone; a disk that fails ends the download.
 */
export class Finisher {
  readonly #parts: DownloadParts;
  readonly #survey: PlaceSurvey;
  readonly #again: (file: DownloadFile) => void;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  readonly #idle: (() => void)[] = [];

  /** `again` hears of a file that has lost chunks: they were not what the map of an earlier run said. */
  constructor(parts: DownloadParts, again: (file: DownloadFile) => void) {
    this.#parts = parts;
    this.#again = again;
    this.#survey = new PlaceSurvey(parts);
  }

  /** A file whose chunks are all verified and written. A wrong whole-file id is `E_FILE_CORRUPT`. */
  fetched(file: DownloadFile): void {
    this.#start(async () => {
      if (!cameAsItIs(file) && !(await this.#hasItsId(file))) return this.#notItself(file);
      await this.#finish(file);
    });
  }

  /** A file without octets. */
  empty(file: DownloadFile): void {
    this.#start(async () => {
      if (file.contentId !== EMPTY_ID) return this.#fail(file, corrupt(file), 'failed');
      file.unfinished ??= await this.#parts.folder.unfinished(file.place, file.position, 0);
      await this.#finish(file);
    });
  }

  /** A file whose content lies elsewhere on this disk. When that is not so any more, it has the state `otherwise`. */
  copied(file: DownloadFile, source: string, otherwise: 'missing' | 'failed'): void {
    this.#start(async () => {
      try {
        await this.#copy(file, source);
      } catch (error) {
        if (!(error instanceof ActorError) || error.subject !== source) throw error;
        return this.#fail(file, error, otherwise);
      }
      await this.#finish(file);
    });
  }

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  #start(work: () => Promise<void>): void {
    this.#waiting.push(async () => {
      if (this.#parts.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        this.#parts.abort(error);
      }
    });
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const work = this.#waiting.shift();
      if (work === undefined) break;
      this.#running++;
      void work().finally(() => {
        this.#running--;
        this.#next();
      });
    }
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #finish(file: DownloadFile): Promise<void> {
    const { folder, signal, spent } = this.#parts;
    const unfinished = file.unfinished!;
    const length = await spent.finish.during(folder.sync(unfinished));
    // Cut short after its last chunk came: it is not what was hashed on its way.
    if (length !== file.size) return this.#notItself(file);
    for (;;) {
      signal.throwIfAborted();
      if (await spent.finish.during(folder.finish(unfinished, file.place))) break;
      // Somebody took the name meanwhile: perhaps another download, with the very same file.
      const same = (await this.#survey.look(file)) === 'same' || (await this.#survey.moveOn(file));
      if (!same) continue;
      await folder.discard(unfinished);
      break;
    }
    file.unfinished = null;
    this.#done(file);
  }

  async #hasItsId({ contentId, size, unfinished }: DownloadFile): Promise<boolean> {
    const { context, signal, spent } = this.#parts;
    const identify = context.refs.hashing.ask('identify', { path: unfinished! }, { signal });
    const found = await spent.identify.during(identify);
    return found.contentId === contentId && found.size === size;
  }

  /** All chunks came, and the whole is wrong: either this disk lost some of them, or the publisher signed nonsense. */
  async #notItself(file: DownloadFile): Promise<void> {
    const { progress } = this.#parts;
    const bytes = file.bytes;
    await verifyAgain(this.#parts, [file]);
    if (file.have.full) {
      progress.whole -= file.size;
      return this.#fail(file, corrupt(file), 'failed');
    }
    progress.whole -= bytes - file.bytes;
    this.#parts.context.log.warn(
      { path: file.unfinished, chunks: file.chunks - file.have.count },
      'chunks of an unfinished file are not what was written: they are fetched again',
    );
    file.state = 'missing';
    this.#again(file);
  }

  async #copy(file: DownloadFile, source: string): Promise<void> {
    const { folder, progress, signal } = this.#parts;
    file.unfinished = await folder.folderOfUnfinished(file.place, file.position);
    using live = progress.open();
    await copyFile(source, file.unfinished, signal, (count) => {
      live.bytes += count;
    });
    if (!(await this.#hasItsId(file))) throw changed(source);
    progress.whole += file.size;
  }

  #done(file: DownloadFile): void {
    const { context, folder, progress, keeper, held } = this.#parts;
    file.state = 'done';
    progress.files++;
    keeper.changed(file);
    held.add(file, folder.placeOf(file.place));
    context.metrics.add('files_completed', 1);
    context.metrics.add('bytes_completed', file.size);
    for (const twin of file.twins.splice(0)) this.copied(twin, folder.placeOf(file.place), 'failed');
  }

  async #fail(file: DownloadFile, error: ActorError, state: 'missing' | 'failed'): Promise<void> {
    const { unfinished } = file;
    file.unfinished = null;
    file.state = state;
    file.error = error;
    file.have = ChunkMap.none(file.chunks);
    this.#parts.keeper.changed(file);
    if (unfinished !== null) await this.#parts.folder.discard(unfinished);
    if (state === 'missing') return;
    for (const twin of file.twins.splice(0)) {
      twin.state = 'failed';
      twin.error = error;
    }
  }
}

/** Its id is known from the way here: found chunk after chunk, or that of its only one. */
const cameAsItIs = ({ identified, contentId, chunks, resumed }: DownloadFile): boolean =>
  identified === contentId || (chunks === 1 && resumed === 0);

const corrupt = (file: DownloadFile) =>
  failure('E_FILE_CORRUPT', 'its chunks are those of the catalog, the whole file is not', {
    subject: file.name,
    next: 'the share is damaged: ask its publisher',
  });

const changed = (source: string) =>
  failure('E_FILE_CHANGED', 'the file on this disk is not what it was', { subject: source });
