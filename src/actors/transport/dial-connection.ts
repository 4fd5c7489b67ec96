import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  type DialRequest,
  decodeOpening,
  encodeDialRequest,
  PreambleReader,
} from '../../bridge-link/preamble.ts';
import { Connection, type ConnectionHost } from './connection.ts';

// Received octets go straight to where the frame is assembled.

/** Dials over TCP. */
export function dialTls(host: ConnectionHost, ip: string, port: number, remote: string): Connection {
  return new Connection(host, 'tcp', remote, null, (arrivals) => {
    const onread = {
      buffer: () => arrivals.place(),
      callback: (count: number) => {
        arrivals.received(count);
        return true;
      },
    };
    // Node's types know `onread` for net sockets only.
    const options: ConnectionOptions & { onread: typeof onread } = {
      host: ip,
      port,
      servername: 'localhost',
      secureContext: host.secureContext,
      rejectUnauthorized: false,
      onread,
    };
    const tls = connectTls(options);
    tls.once('connect', () => arrivals.reached());
    return tls;
  });
}

/**
 * Has the bridge that listens at `path` dial. What is written first travels with the request, because a stream is
 * seen by the peer only once something is in it. `BridgeLost`: the bridge ended before it had an answer.
 */
export function dialStream(
  host: ConnectionHost,
  path: string,
  request: DialRequest,
  remote: string,
): Connection {
  return new Connection(host, 'quic', remote, null, (arrivals) => {
    const preamble = new PreambleReader();
    const answered = (count: number) => {
      const json = preamble.received(count);
      if (json === null) return;
      const opening = decodeOpening(json);
      if (opening.role === 'failed') arrivals.failed(new Error(opening.reason));
      else arrivals.reached();
    };
    const onread = {
      buffer: () => (preamble.missing > 0 ? preamble.place() : arrivals.place()),
      callback: (count: number) => {
        if (preamble.missing > 0) arrivals.guard(() => answered(count));
        else arrivals.received(count);
        return true;
      },
    };
    const socket = connect({ path, onread });
    socket.once('close', () => {
      if (preamble.missing > 0) arrivals.failed(new BridgeLost());
    });
    socket.write(encodeDialRequest(request));
    return socket;
  });
}

/** The bridge ended before it had an answer: that says nothing about the peer. */
export class BridgeLost extends Error {
  constructor() {
    super('the QUIC process ended');
  }
}
