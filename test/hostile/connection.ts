import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Form, HelloMaker } from './hello.ts';
import { type Item, type Reply, readCbor, readEnvelope } from './read-cbor.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export const targetOf = (address: string): Target => {
  const { hostname, port } = new URL(address);
  return { host: hostname, port: Number(port) };
};

let nets = 0;

/**
 * An address of our own to dial from: on Linux all of 127.0.0.0/8 is ours, so each connection can come from another
 * neighbourhood and none is refused for being one of many.
 */
export function freshSource(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  nets = (nets + 1) % 50_000;
  return `127.${1 + Math.floor(nets / 250)}.${1 + (nets % 250)}.1`;
}

export async function openTcp(target: Target, source = freshSource()): Promise<Socket> {
  const socket = connectTcp({ ...target, ...(source !== undefined && { localAddress: source }) });
  socket.setNoDelay(true);
  await Promise.race([
    once(socket, 'connect'),
    once(socket, 'error').then(([error]) => Promise.reject(error)),
  ]);
  socket.on('error', () => {});
  return socket;
}

/** One connection of the hostile peer: octets out, frames in, and whether it is over. */
export class Connection {
  readonly socket: TLSSocket;
  readonly closed: Promise<void>;
  over = false;
  #pending: Buffer = Buffer.alloc(0);
  readonly #frames: Buffer[] = [];
  #wake = () => {};

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.over = true;
        this.#wake();
        resolve();
      });
    });
    // An end without more is the end: what we would still say nobody reads.
    socket.on('end', () => socket.destroy());
    socket.on('data', (piece: Buffer) => {
      this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
      while (this.#pending.length >= 4 && this.#pending.length >= 4 + this.#pending.readUInt32BE(0)) {
        const end = 4 + this.#pending.readUInt32BE(0);
        this.#frames.push(this.#pending.subarray(4, end));
        this.#pending = this.#pending.subarray(end);
      }
      this.#wake();
    });
  }

  /** TLS is up, and nothing said. */
  static async tls(target: Target): Promise<Connection> {
    const socket = connectTls({ socket: await openTcp(target), rejectUnauthorized: false });
    const connection = new Connection(socket);
    await Promise.race([
      once(socket, 'secureConnect'),
      connection.closed.then(() => Promise.reject(new Error('no TLS'))),
    ]);
    return connection;
  }

  /** After an honest handshake of that form. */
  static async session(target: Target, form: Form): Promise<Connection> {
    const connection = await Connection.tls(target);
    const maker = new HelloMaker(form);
    await connection.finishHandshake(maker);
    return connection;
  }

  async finishHandshake(maker: HelloMaker): Promise<void> {
    this.send(maker.frame(null));
    this.send(maker.frame(nonceOf(await this.frame())));
  }

  send(octets: Uint8Array): void {
    this.socket.write(octets);
  }

  /** The body of the next frame; null when the connection ends first, or nothing comes in that time. */
  async frameWithin(ms: number): Promise<Buffer | null> {
    const deadline = performance.now() + ms;
    for (;;) {
      const next = this.#frames.shift();
      if (next) return next;
      const left = deadline - performance.now();
      if (this.over || left <= 0) return null;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }

  async frame(): Promise<Buffer> {
    const frame = await this.frameWithin(10_000);
    if (frame === null) throw new Error(this.over ? 'the connection is over' : 'no frame came');
    return frame;
  }

  async reply(ms = 10_000): Promise<Reply | null> {
    const body = await this.frameWithin(ms);
    return body && readEnvelope(body);
  }

  pause(): void {
    this.socket.pause();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export function nonceOf(hello: Buffer): Buffer {
  const found = readCbor(hello) as Map<string, Item>;
  return Buffer.from(found.get('nonce') as number[]);
}
