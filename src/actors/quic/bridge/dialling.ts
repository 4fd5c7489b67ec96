import { decodeDialRequest, encodeDialFailed, encodeStreamOpen } from '../../../bridge-link/preamble.ts';
import { remoteOf } from '../../../protocol/addresses/remote.ts';
import type { Counts } from './counts.ts';
import { type DenoConn, deno, type QuicConn, type QuicEndpoint } from './deno.ts';
import { readPreamble, shut, writeAll } from './local-socket.ts';
import { CLOSE_BROKEN, CLOSE_DONE, hangUp, pump } from './pump.ts';
import { transportOptions } from './transport-options.ts';
import { within } from './within.ts';

/** A shard says at once what it wants. */
const PREAMBLE_MS = 2_000;
/** After everything has been said both ways, before the connection is closed. */
const LINGER_MS = 1_000;
/** What the network's nodes ask for; it is also the one name for which certificates are not looked at. */
const SERVER_NAME = 'localhost';

/** Opens connections for the shards, from the sockets that also listen. */
export class Dialling {
  readonly #endpoints: readonly QuicEndpoint[];
  readonly #maxStreams: number;
  readonly #counts: Counts;
  /** Made when the first address of a family is dialled that none of the listening sockets reaches. */
  readonly #own = new Map<string, QuicEndpoint>();

  constructor(endpoints: readonly QuicEndpoint[], maxStreams: number, counts: Counts) {
    this.#endpoints = endpoints;
    this.#maxStreams = maxStreams;
    this.#counts = counts;
  }

  /** For as long as the process lives. */
  async run(path: string): Promise<void> {
    for await (const socket of deno.listen({ transport: 'unix', path })) void this.#serve(socket);
  }

  async #serve(socket: DenoConn): Promise<void> {
    let connection: QuicConn | null = null;
    try {
      const request = decodeDialRequest(await within(PREAMBLE_MS, 'no request', readPreamble(socket)));
      if (this.#counts.streams >= this.#maxStreams) throw new Error('too many streams');
      const { host, port, ms, congestion } = request;
      const late = (value: QuicConn) => hangUp(value, CLOSE_DONE);
      const dialled = deno.connectQuic({
        hostname: host,
        port,
        serverName: SERVER_NAME,
        // A node of the network ends connections that offer any.
        alpnProtocols: [],
        endpoint: this.#endpointFor(host),
        ...transportOptions(0, congestion),
      });
      connection = await within(ms, 'no answer', dialled, late);
      const opened = connection.createBidirectionalStream({ waitUntilAvailable: true });
      const stream = await within(ms, 'no stream', opened);
      const remote = remoteOf(connection.remoteAddr.hostname, connection.remoteAddr.port);
      await writeAll(
        socket,
        encodeStreamOpen({ role: 'dialled', remote, alpn: connection.protocol ?? null }),
      );
      this.#counts.dialled++;
      this.#counts.streams++;
      try {
        await pump(connection, stream, socket, LINGER_MS);
      } finally {
        this.#counts.streams--;
      }
    } catch (error) {
      this.#counts.failed++;
      hangUp(connection, CLOSE_BROKEN);
      const reason = error instanceof Error ? error.message : String(error);
      await writeAll(socket, encodeDialFailed(reason)).catch(() => {});
      shut(socket);
    }
  }

  /** A socket that listens, so that a peer sees the port it may dial; a wildcard one, or one of the same host, if any is. */
  #endpointFor(host: string): QuicEndpoint {
    const family = host.includes(':') ? '::' : '0.0.0.0';
    const reaches = ({ addr: { hostname } }: QuicEndpoint) =>
      hostname === family || hostname === '::' || isLoopback(hostname) === isLoopback(host);
    const fits = (endpoint: QuicEndpoint) =>
      (endpoint.addr.hostname.includes(':') === host.includes(':') || endpoint.addr.hostname === '::') &&
      reaches(endpoint);
    const listening = this.#endpoints.find(fits) ?? this.#own.get(family);
    if (listening) return listening;
    const own = new deno.QuicEndpoint({ hostname: family, port: 0 });
    this.#own.set(family, own);
    return own;
  }
}

const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.');
