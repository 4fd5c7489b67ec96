import type { Socket } from 'node:net';
import { freePiece, type SealedRecords } from '../../protocol/sealed/sealed-records.ts';

/** Waiting writes that leave together: as much as one TLS record holds. */
const TOGETHER = 16_384;

interface Write {
  readonly bytes: Uint8Array;
  readonly done: () => void;
}

/**
 * What one connection writes. The socket gets one write at a time. Several it would copy into one buffer made for them,
 * which costs a sender a quarter of its CPU; only short ones are worth that, and a record of their own each would cost more.
 */
export class WriteLine {
  readonly #socket: Socket;
  readonly #run: (work: () => void) => void;
  /** Writes that wait for those with the socket. */
  readonly #waiting: Write[] = [];
  /** Writes that the socket has. */
  #writing = 0;
  #records: SealedRecords | null = null;
  #closed = false;

  /** `run` is what calls back. */
  constructor(socket: Socket, run: (work: () => void) => void) {
    this.#socket = socket;
    this.#run = run;
  }

  /** `done` is called when the octets are with the system, or never will be. */
  push(bytes: Uint8Array, done: () => void): void {
    this.#waiting.push({ bytes, done });
    if (this.#closed) this.#letGo();
    else if (this.#writing === 0) this.#next();
  }

  /** From the next write on that the socket has not, everything is sealed. */
  seal(records: SealedRecords): void {
    this.#records = records;
  }

  /** What never met the socket: its owners get their buffers back. */
  close(): void {
    this.#closed = true;
    this.#letGo();
  }

  #next(): void {
    let size = 0;
    let count = 0;
    for (const { bytes } of this.#waiting) {
      if (count > 0 && size + bytes.length > TOGETHER) break;
      size += bytes.length;
      count++;
    }
    if (count === 0) return;
    this.#writing = count;
    const writes = this.#waiting.splice(0, count);
    if (this.#records !== null) return this.#writeSealed(this.#records, writes);
    if (count > 1) this.#socket.cork();
    for (const { bytes, done } of writes) this.#socket.write(bytes, () => this.#written(done));
    if (count > 1) this.#socket.uncork();
  }

  /** Sealed when its turn has come, so that no more than one write lies here in a second form. */
  #writeSealed(records: SealedRecords, writes: readonly Write[]): void {
    this.#socket.cork();
    for (const { bytes, done } of writes) {
      const pieces = records.seal(bytes);
      const last = pieces.at(-1) ?? bytes;
      for (const piece of pieces.slice(0, -1)) this.#socket.write(piece);
      this.#socket.write(last, () => {
        pieces.forEach(freePiece);
        this.#written(done);
      });
    }
    this.#socket.uncork();
  }

  #written(done: () => void): void {
    this.#writing--;
    this.#run(done);
    if (this.#writing === 0 && !this.#closed) this.#next();
  }

  #letGo(): void {
    for (const { done } of this.#waiting.splice(0)) this.#run(done);
  }
}
