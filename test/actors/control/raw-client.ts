import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MAX_ANSWER_FRAME, MAX_REQUEST_FRAME } from '../../../src/control-link/limits.ts';
import { FrameSplitter } from '../../../src/supervisor/link/frame-splitter.ts';
import { packFrame, unpackFrame } from '../../../src/supervisor/link/message-pack.ts';

const DEADLINE_MS = 10_000;

/** A client that sends what no proper one would. */
export class RawClient {
  readonly socket: Socket;
  readonly answers: Record<string, unknown>[] = [];
  readonly #splitter = new FrameSplitter(MAX_ANSWER_FRAME);
  readonly #waiting = new Set<() => void>();
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      for (const frame of this.#splitter.push(piece)) {
        this.answers.push(unpackFrame(frame) as Record<string, unknown>);
      }
      this.#wake();
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async connect(path: string): Promise<RawClient> {
    const socket = connect({ path });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(value: unknown): void {
    this.socket.write(packFrame(value, MAX_REQUEST_FRAME));
  }

  bytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The answer that ends call `id`. */
  async answer(id: number): Promise<Record<string, unknown>> {
    const find = () => this.answers.find((answer) => answer.id === id && !('item' in answer));
    await this.#until(() => find() !== undefined || this.#closed);
    const found = find();
    if (!found) throw new Error(`the connection closed without an answer to ${id}`);
    return found;
  }

  async closed(): Promise<void> {
    await this.#until(() => this.#closed);
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until(holds: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (!holds()) {
      await new Promise<void>((resolve, reject) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', () => reject(new Error('nothing came')), { once: true });
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
