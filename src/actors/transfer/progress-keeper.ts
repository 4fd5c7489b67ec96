import { toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { ChunkMap } from '../chunk-map.ts';
import { eachBounded } from '../each-bounded.ts';
import type { FileProgress } from '../ledger-types.ts';
import type { TransferContext } from './context.ts';
import type { DownloadFile } from './download-file.ts';
import type { TargetFolder } from './target-folder.ts';

/** Between the end of one writing down and the begin of the next: with what is told late, well below the second that may be lost. */
const EVERY_MS = 250;
const SYNCS_AT_ONCE = 8;
/** Between looks at how full the disk is. */
const LOOK_EVERY_MS = 2_000;

/** How many files are done, and how many octets lie on the disk. */
export interface Counts {
  readonly files: number;
  readonly bytes: number;
}

export interface KeeperOptions {
  readonly counts: () => Counts;
  /** Rejects when the disk is too full to go on. */
  readonly look: () => Promise<void>;
  /** Hears of that, and of a disk that does not keep what was written to it. */
  readonly failed: (error: unknown) => void;
}

/**
 * Writes down how far the files of a download are, soon after it changed: first the octets are made durable, then the
 * map that says they are there. So a map never promises what a crash can take away.
 */
export class ProgressKeeper {
  readonly #context: TransferContext;
  readonly #id: string;
  readonly #folder: TargetFolder;
  readonly #with: KeeperOptions;
  readonly #changed = new Set<DownloadFile>();
  #disarm: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #closed = false;
  #lookedAt: number;

  constructor(context: TransferContext, id: string, folder: TargetFolder, options: KeeperOptions) {
    this.#context = context;
    this.#id = id;
    this.#folder = folder;
    this.#with = options;
    this.#lookedAt = context.clock.now();
  }

  /** Chunks of it came, it got another place, or it is done. */
  changed(file: DownloadFile): void {
    this.#changed.add(file);
    this.#arm();
  }

  /** Writes down everything that changed so far, and nothing after that. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#disarm?.();
    await this.#running;
    await this.#write();
  }

  #arm(): void {
    if (this.#closed || this.#disarm !== null || this.#running !== null) return;
    this.#disarm = this.#context.clock.after(EVERY_MS, () => {
      this.#disarm = null;
      this.#running = this.#write().finally(() => {
        this.#running = null;
        if (this.#changed.size > 0) this.#arm();
      });
    });
  }

  async #write(): Promise<void> {
    const files = [...this.#changed];
    if (files.length === 0) return;
    this.#changed.clear();
    if (!this.#closed) await this.#lookAtDisk();
    // What is written from here on is for the next time.
    const maps = files.map((file) => file.have.copy());
    const changed: FileProgress[] = [];
    try {
      await eachBounded(files, SYNCS_AT_ONCE, async (file, index) => {
        changed.push(await this.#durable(file, maps[index]!));
      });
    } catch (error) {
      this.#with.failed(error);
      return;
    }
    try {
      await this.#context.refs.store.ask('noteProgress', { id: this.#id, ...this.#with.counts(), changed });
    } catch (error) {
      // Nothing is lost by it yet; the next time says it all again.
      this.#context.log.warn(
        { transfer: this.#id, error: toErrorRecord(error) },
        'progress was not written down',
      );
      for (const file of files) this.#changed.add(file);
    }
  }

  /** While octets come, now and then. */
  async #lookAtDisk(): Promise<void> {
    const now = this.#context.clock.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    await this.#with.look().catch(this.#with.failed);
  }

  async #durable(file: DownloadFile, have: ChunkMap): Promise<FileProgress> {
    const { unfinished, state } = file;
    if (unfinished === null || state === 'done' || have.count === 0) return file.progress(have, null);
    const look = await this.#folder.syncData(unfinished);
    file.look = look;
    return file.progress(have, look);
  }
}
