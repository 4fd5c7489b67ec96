import type { BridgeLimits } from '../../../bridge-link/control-lines.ts';
import { encodeStreamOpen } from '../../../bridge-link/preamble.ts';
import { ipOfPeer, remoteOf } from '../../../protocol/addresses/remote.ts';
import { Admission, attemptBuckets } from '../../admission.ts';
import type { TokenBuckets } from '../../token-buckets.ts';
import type { Counts } from './counts.ts';
import {
  type DenoConn,
  deno,
  type QuicConn,
  type QuicIncoming,
  type QuicListener,
  type QuicStream,
} from './deno.ts';
import { shut, writeAll } from './local-socket.ts';
import { CLOSE_BROKEN, CLOSE_BUSY, hangUp, pump } from './pump.ts';
import { within } from './within.ts';

/** The peer is waited for so long, after everything has been sent, to close first. */
const LINGER_MS = 10_000;
const ALL = '';

/**
 * Takes connections that others open. An attempt is bounded in number and rate before anything is spent on it; by its
 * address as soon as the engine tells it, which is after the handshake of QUIC. It counts until the first byte of its
 * stream has come: then a shard has it, with deadlines and bounds of its own.
 */
export class Accepting {
  readonly #limits: BridgeLimits;
  readonly #counts: Counts;
  readonly #admission: Admission;
  /** Of attempts that nothing is known of yet. */
  readonly #rate: TokenBuckets;
  #shards: readonly string[] = [];
  #turn = 0;
  #handshakes = 0;

  constructor(limits: BridgeLimits, counts: Counts) {
    this.#limits = limits;
    this.#counts = counts;
    this.#admission = new Admission(limits);
    this.#rate = attemptBuckets(limits.maxPerSecond);
  }

  /** Paths of the sockets that streams are handed to, in turns. */
  useShards(paths: readonly string[]): void {
    this.#shards = paths;
  }

  /** Until the listener is stopped. */
  async run(listener: QuicListener): Promise<void> {
    for (;;) {
      let incoming: QuicIncoming;
      try {
        incoming = await listener.incoming();
      } catch {
        return;
      }
      if (this.#mayBegin()) void this.#take(incoming);
      else this.#refuse(incoming);
    }
  }

  #mayBegin(): boolean {
    const { maxPending, maxStreams } = this.#limits;
    if (this.#handshakes >= maxPending || this.#counts.streams >= maxStreams) return false;
    const now = performance.now();
    if (!this.#rate.has(ALL, now)) return false;
    this.#rate.take(ALL, now);
    return true;
  }

  #refuse(incoming: QuicIncoming): void {
    this.#counts.refused++;
    try {
      incoming.refuse();
    } catch {
      // Gone already.
    }
  }

  async #take(incoming: QuicIncoming): Promise<void> {
    const connection = await this.#handshake(incoming);
    if (connection === null) return;
    let socket: DenoConn | null = null;
    try {
      const { hostname, port } = connection.remoteAddr;
      const address = ipOfPeer(hostname);
      if (address === null) throw new Error('a peer without an address');
      const release = await this.#begin(address);
      if (release === null) {
        this.#counts.refused++;
        return hangUp(connection, CLOSE_BUSY);
      }
      let stream: QuicStream;
      try {
        stream = await within(this.#limits.pendingMs, 'no stream', firstStream(connection));
      } finally {
        release();
      }
      socket = await this.#toShard();
      const remote = remoteOf(address, port);
      const opening = encodeStreamOpen({ role: 'accepted', remote, alpn: connection.protocol ?? null });
      await writeAll(socket, opening);
      this.#counts.accepted++;
      this.#counts.streams++;
      try {
        await pump(connection, stream, socket, LINGER_MS);
      } finally {
        this.#counts.streams--;
      }
    } catch {
      this.#counts.failed++;
      hangUp(connection, CLOSE_BROKEN);
      shut(socket);
    }
  }

  /** Once its turn has come; null: it has none. */
  async #begin(address: string): Promise<(() => void) | null> {
    const turn = this.#admission.turn(address, performance.now());
    if (turn === null) return null;
    if (turn.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, turn.waitMs));
    return this.#admission.begin(address);
  }

  /** Asking the attempt for its address would consume it: that is known of the connection alone. */
  async #handshake(incoming: QuicIncoming): Promise<QuicConn | null> {
    this.#handshakes++;
    this.#counts.pending = this.#handshakes;
    try {
      const late = (connection: QuicConn) => hangUp(connection, CLOSE_BROKEN);
      return await within(this.#limits.pendingMs, 'no handshake', incoming.accept(), late);
    } catch {
      this.#counts.failed++;
      return null;
    } finally {
      this.#handshakes--;
      this.#counts.pending = this.#handshakes;
    }
  }

  /** The next shard that listens. */
  async #toShard(): Promise<DenoConn> {
    const shards = this.#shards;
    for (let tries = 0; tries < shards.length; tries++) {
      try {
        return await deno.connect({ transport: 'unix', path: shards[this.#turn++ % shards.length]! });
      } catch {
        // It is being restarted.
      }
    }
    throw new Error('no shard listens');
  }
}

/** It appears once the peer has written to it. */
async function firstStream(connection: QuicConn): Promise<QuicStream> {
  const { done, value } = await connection.incomingBidirectionalStreams.getReader().read();
  if (done) throw new Error('closed without a stream');
  return value;
}
