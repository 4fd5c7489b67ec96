import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Connection, type ConnectionHost, type Transport } from './connection.ts';

/**
 * A connection that another node has opened, not read yet. `socket` is unread; with QUIC it is what follows the preamble
 * of the bridge.
 */
export function acceptConnection(
  host: ConnectionHost,
  transport: Transport,
  socket: Socket,
  remote: string,
): Connection {
  return new Connection(host, transport, remote, host.frames, (arrivals) => {
    const stream = transport === 'tcp' ? serverSide(host, socket) : socket;
    stream.on('data', (piece: Buffer) => arrivals.piece(piece));
    return stream;
  });
}

const serverSide = ({ secureContext }: ConnectionHost, socket: Socket): TLSSocket =>
  new TLSSocket(socket, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false });
