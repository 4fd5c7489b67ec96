import type { Connection, ConnectionReader } from '../../../src/actors/transport/connection.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';

/** A connection whose writes are done when the test says so. */
export class FakeConnection {
  reader: ConnectionReader = { frame: () => {}, closed: () => {} };
  readonly remote: string;
  readonly assembler = { partial: 0, bulk: false };
  readonly down = { total: 0, rate: () => 0 };
  readonly up = { total: 0, rate: () => 0 };
  paused = false;
  downPath: unknown = null;
  over: Error | null = null;
  lastByteAt = 0;
  readonly written: { bytes: Uint8Array; done: () => void }[] = [];
  readonly socket = {
    pause: () => {
      this.paused = true;
    },
    resume: () => {
      this.paused = false;
    },
  };

  constructor(remote = '192.0.2.1:1') {
    this.remote = remote;
  }

  get connection(): Connection {
    return this as unknown as Connection;
  }

  write(bytes: Uint8Array, done: () => void = () => {}): void {
    this.written.push({ bytes, done });
  }

  takeHeld(): boolean {
    return false;
  }

  /** The peer takes its first so many frames. */
  take(count: number): Uint8Array[] {
    return this.written.splice(0, count).map(({ bytes, done }) => {
      done();
      return bytes;
    });
  }

  request(type: number, reqId: number, payload: Uint8Array): void {
    this.guard(() => this.reader.frame(encodeFrame({ type, reqId, flags: 0, payload })));
  }

  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  destroy(error?: Error): void {
    if (this.over) return;
    this.over = error ?? new Error('destroyed');
    this.reader.closed(error ?? null);
  }
}
