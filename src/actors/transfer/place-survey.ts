import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';

type Found = 'free' | 'same' | 'other';

/** Finds out what lies where files are to go: the very same file needs no download, any other one keeps its name. */
export class PlaceSurvey {
  readonly #parts: DownloadParts;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** What lies at the place of a file as it is now. */
  async look(file: DownloadFile): Promise<Found> {
    const found = await this.#parts.folder.look(file.place);
    if (found === null) return 'free';
    if (!found.isFile() || found.size !== file.size) return 'other';
    return (await this.#idOf(file)) === file.contentId ? 'same' : 'other';
  }

  /** Another place for a file whose own is taken: the first that is free (true: or holds the very same file). */
  async moveOn(file: DownloadFile): Promise<boolean> {
    for (;;) {
      file.place = this.#parts.places.another(file.path);
      const found = await this.look(file);
      if (found !== 'other') return found === 'same';
      this.#parts.signal.throwIfAborted();
    }
  }

  async #idOf(file: DownloadFile): Promise<string | null> {
    const { context, folder, signal, spent } = this.#parts;
    const identify = context.refs.hashing.ask('identify', { path: folder.placeOf(file.place) }, { signal });
    try {
      return (await spent.identify.during(identify)).contentId;
    } catch (error) {
      // Gone meanwhile, or not ours to read: then it is not the same file.
      if (error instanceof ActorError && (error.code === 'E_NOT_FOUND' || error.code === 'E_IO')) return null;
      throw error;
    }
  }
}
