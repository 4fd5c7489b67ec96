import { lstat } from 'node:fs/promises';
import { toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { HeldFile } from '../content-types.ts';
import type { TransferContext } from './context.ts';
import type { DownloadFile } from './download-file.ts';

/** Files told of in one message. */
const AT_ONCE = 256;

/** Tells the store which files lie here with the right content, so that they are served to others. */
export class HeldKeeper {
  readonly #context: TransferContext;
  readonly #waiting: { file: DownloadFile; path: string }[] = [];
  #telling: Promise<void> | null = null;

  readonly #told: (file: DownloadFile) => void;

  /** `told` hears of each file that the store knows of from now on. */
  constructor(context: TransferContext, told: (file: DownloadFile) => void) {
    this.#context = context;
    this.#told = told;
  }

  /** It lies at this path, finished. */
  add(file: DownloadFile, path: string): void {
    this.#waiting.push({ file, path });
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = null;
    });
  }

  /** Resolves when everything was told. */
  async idle(): Promise<void> {
    while (this.#telling !== null) await this.#telling;
  }

  async #tell(): Promise<void> {
    // What is added in this turn goes along.
    await null;
    while (this.#waiting.length > 0) {
      const held: HeldFile[] = [];
      const files = this.#waiting.splice(0, AT_ONCE);
      for (const { file, path } of files) {
        const found = await look(file, path);
        if (found !== null) held.push(found);
      }
      try {
        if (held.length > 0) await this.#context.refs.store.ask('holdFiles', held);
        for (const { file } of files) {
          file.told = true;
          this.#told(file);
        }
      } catch (error) {
        this.#context.log.warn(
          { files: held.length, error: toErrorRecord(error) },
          'finished files are not served: the store was not told of them',
        );
      }
    }
  }
}

/** How it looks now; null: it is gone, or another one by its size. */
async function look(file: DownloadFile, path: string): Promise<HeldFile | null> {
  const found = await lstat(path, { bigint: true }).catch(() => null);
  if (found === null || !found.isFile() || found.size !== BigInt(file.size) || file.size === 0) return null;
  const { contentId, size, chunks, chunkListHash } = file;
  const { mtimeNs, ctimeNs, ino } = found;
  return {
    ...{ contentId, path, size, mtimeNs, ctimeNs, inode: ino, chunkCount: chunks, chunkListHash },
    adopted: file.lies !== null,
  };
}
