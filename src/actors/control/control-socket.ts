import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { failure } from '../../errors.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import { type Clock, sleep } from '../../supervisor/contract/clock.ts';
import { ClientSession, type RunCall } from './client-session.ts';

/** Longer paths fail in the system call, or, worse, are cut. */
const MAX_PATH = 100;
/** For clients to read their last answer. */
const FAREWELL_MS = 1_000;

interface SocketOptions {
  readonly path: string;
  readonly maxClients: number;
  readonly run: RunCall;
  readonly clock: Clock;
  readonly log: Log;
  /** The number of clients changed. */
  clients(count: number): void;
}

/** The listening Unix socket and its clients. */
export class ControlSocket {
  readonly #options: SocketOptions;
  readonly #server: Server;
  readonly #sessions = new Set<ClientSession>();

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxClients;
  }

  /** `E_LISTEN` when the path cannot be listened on. */
  async listen(): Promise<void> {
    const { path } = this.#options;
    if (process.platform === 'win32') {
      throw failure('E_LISTEN', 'the control socket needs Unix sockets; Windows is not supported yet');
    }
    if (Buffer.byteLength(path) > MAX_PATH) {
      throw failure('E_LISTEN', `the path of the control socket is longer than ${MAX_PATH} bytes`, {
        subject: path,
      });
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(failure('E_LISTEN', error.message, { subject: path, next: 'check the data folder' }));
      });
      this.#server.listen(path, resolve);
    });
    // The folder is closed to others already; a library that embeds the node may have any umask.
    await chmod(path, 0o600);
  }

  /** Takes no more clients, ends those there are with a word, and removes the socket. */
  async close(reason: string): Promise<void> {
    const { clock } = this.#options;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const farewell = Promise.all([...this.#sessions].map((session) => session.end(reason)));
    const enough = new AbortController();
    await Promise.race([farewell, sleep(clock, FAREWELL_MS, enough.signal).catch(() => {})]);
    enough.abort();
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const { run, clock, log, clients } = this.#options;
    const session = new ClientSession(socket, { run, clock, log });
    this.#sessions.add(session);
    clients(this.#sessions.size);
    socket.once('close', () => {
      this.#sessions.delete(session);
      clients(this.#sessions.size);
    });
  }
}
