import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Address } from '../../src/protocol/addresses/address.ts';

/** Octets both ways, on whatever transport; nothing is known of frames here. */
export interface Channel {
  write(octets: Uint8Array): void;
  /** Ends our half: nothing more comes from us. */
  end(): void;
  destroy(): void;
  /** Called once, at once after the channel was made. */
  listen(data: (octets: Uint8Array) => void, closed: () => void): void;
}

/** How long a connection is waited for. */
export const CONNECT_MS = 4_000;

/** A TCP connection with TLS up and nothing said; `options` are those of `tls.connect`. Rejects when there is none. */
export async function openTls(address: Address, options: ConnectionOptions = {}): Promise<Channel> {
  const socket = connect({
    host: address.host,
    port: address.port,
    // As the reference's clients do: servers show certificates that nobody could check.
    servername: 'localhost',
    rejectUnauthorized: false,
    ...options,
  });
  socket.setNoDelay(true);
  socket.on('error', () => {});
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(CONNECT_MS) });
  } catch (error) {
    socket.destroy();
    const why =
      (error as Error).name === 'AbortError' ? `within ${CONNECT_MS} ms` : `(${(error as Error).message})`;
    throw new Error(`no connection ${why}`);
  }
  return new SocketChannel(socket);
}

/** What is open, and nothing said on it. */
export class SocketChannel implements Channel {
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(octets: Uint8Array): void {
    this.socket.write(octets);
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  listen(data: (octets: Uint8Array) => void, closed: () => void): void {
    this.socket.on('data', data);
    // An end without more is the end: what we would still say nobody reads.
    this.socket.on('end', () => this.socket.destroy());
    this.socket.on('close', closed);
  }
}
