import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands on loopback between the downloader and the seeder. Downloads take a time that a kill can be aimed into; a point
 * is an amount of bytes, so it is met on any machine; the address in the links outlives the seeder's lives.
 */
export class SlowWire {
  /** Bytes a second toward the downloader. */
  rate: number;
  /** Where the seeder listens in this life; 0: nowhere. */
  target = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<{ readonly at: number; reached(): void }>();
  #passed = 0;
  #free = 0;
  #holdAt = Number.POSITIVE_INFINITY;
  #released = Promise.withResolvers<void>();

  private constructor(server: Server, rate: number) {
    this.#server = server;
    this.rate = rate;
    server.on('connection', (client) => this.#join(client));
  }

  static async open(rate: number): Promise<SlowWire> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SlowWire(server, rate);
  }

  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bytes that went toward the downloader so far. */
  get passed(): number {
    return this.#passed;
  }

  /** Resolves when so many more bytes have passed; rejects with the signal. */
  more(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { at: this.#passed + bytes, reached: () => resolve() };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      });
    });
  }

  /** Lets so many more bytes through, and then none until `release`. */
  holdAfter(bytes: number): void {
    this.#holdAt = this.#passed + bytes;
  }

  release(): void {
    this.#holdAt = Number.POSITIVE_INFINITY;
    this.#released.resolve();
    this.#released = Promise.withResolvers();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    this.#sockets.add(client);
    const server = connect(this.target, '127.0.0.1');
    this.#sockets.add(server);
    for (const socket of [client, server]) {
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', () => server.destroy());
    client.pipe(server);
    let passing = Promise.resolve();
    server.on('data', (piece: Buffer) => {
      server.pause();
      passing = this.#pass(piece, client).then(() => void server.resume());
    });
    // What the seeder had sent before it died still comes.
    server.on('close', () => void passing.then(() => client.end()));
  }

  async #pass(piece: Buffer, to: Socket): Promise<void> {
    this.#free = Math.max(this.#free, performance.now()) + (piece.length / this.rate) * 1000;
    const wait = this.#free - performance.now();
    // Timers are coarse: short waits are left to add up.
    if (wait > 4) await new Promise((resolve) => setTimeout(resolve, wait));
    while (this.#passed >= this.#holdAt) await this.#released.promise;
    this.#passed += piece.length;
    if (!to.destroyed) to.write(piece);
    for (const waiter of this.#waiting) {
      if (this.#passed < waiter.at) continue;
      this.#waiting.delete(waiter);
      waiter.reached();
    }
  }
}
