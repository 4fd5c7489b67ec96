import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/** What brings a log to the disk. */
export interface LogDisk {
  /** Everything written to the log before the call is on the disk when it resolves. */
  sync(): Promise<void>;
  /** The same, on return. */
  syncNow(): void;
  close(): void;
}

/**
 * Group commit: one trip to the disk for all transactions that came up since the last one began, however many ask for it.
 * A transaction whose trip failed stays owed: whoever asks next tries again.
 */
export class GroupSync {
  readonly #log: LogDisk;
  readonly #synced: () => void;
  /** Transactions so far, and how many of them are known to be on the disk. */
  #written = 0;
  #durable = 0;
  #running: Promise<void> | null = null;

  /** `synced` is called after every trip. */
  constructor(log: LogDisk, synced: () => void = () => {}) {
    this.#log = log;
    this.#synced = synced;
  }

  /** A transaction was written to the log. */
  wrote(): void {
    this.#written++;
  }

  /** Some transaction is not known to be on the disk. */
  get owes(): boolean {
    return this.#durable < this.#written;
  }

  /** Resolves when all that was written before the call is on the disk; rejects with what the disk said. */
  async settle(): Promise<void> {
    const wanted = this.#written;
    while (this.#durable < wanted) {
      this.#running ??= this.#trip();
      await this.#running;
    }
  }

  settleNow(): void {
    const covered = this.#written;
    this.#log.syncNow();
    this.#arrived(covered);
  }

  close(): void {
    this.#log.close();
  }

  async #trip(): Promise<void> {
    const covered = this.#written;
    try {
      await this.#log.sync();
      this.#arrived(covered);
    } finally {
      this.#running = null;
    }
  }

  #arrived(covered: number): void {
    this.#durable = Math.max(this.#durable, covered);
    this.#synced();
  }
}

/** SQLite's write-ahead log. It is one file as long as the database is open, and there once anything was written. */
export class WriteAheadLog implements LogDisk {
  readonly #path: string;
  #fd: number | null = null;

  /** `path`: of the database. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  sync(): Promise<void> {
    return syncFile(this.#open());
  }

  syncNow(): void {
    fdatasyncSync(this.#open());
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): number {
    // To write: some systems sync nothing through a descriptor that only reads.
    this.#fd ??= openSync(this.#path, 'r+');
    return this.#fd;
  }
}

const syncFile = promisify(fdatasync);
