import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { selfSigned } from '../../../bench/self-signed.ts';
import { publicKeyBytes, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import type { HandshakeStep } from '../../../src/protocol/handshake/handshake-step.ts';
import { createInitiator } from '../../../src/protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../../src/protocol/handshake/responder.ts';
import { NO_CAPABILITIES } from '../../../src/protocol/wire/capabilities.ts';
import { decodeEnvelope, type Envelope, encodeFrame } from '../../../src/protocol/wire/envelope.ts';

const CAPABILITIES = { ...NO_CAPABILITIES, contentSeed: true };

export interface PemPair {
  readonly key: string;
  readonly cert: string;
}

/** Who a scripted peer is: the certificate it shows and the key it signs hellos with, the same one or not. */
export interface RawIdentity {
  readonly tls: PemPair;
  readonly key: SigningKey;
}

export function signingKeyOf({ key }: PemPair): SigningKey {
  const privateKey = createPrivateKey(key);
  return { privateKey, publicKey: publicKeyBytes(privateKey) };
}

/** As a Granary node: the certificate carries the key of the hellos. */
export function boundIdentity(): RawIdentity {
  const tls = selfSigned('ed25519');
  return { tls, key: signingKeyOf(tls) };
}

/** As a node of the reference: a certificate that has nothing to do with the key. */
export function unboundIdentity(): RawIdentity {
  return { tls: selfSigned('p256'), key: signingKeyOf(selfSigned('ed25519')) };
}

export interface RawOptions {
  readonly identity?: RawIdentity;
  readonly dialect?: Dialect;
  /** With the mark of a Granary node in its nonce. */
  readonly native?: boolean;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

const systemSeconds = () => Date.now() / 1000;

/** One end of a connection, scripted by hand: frames out, frames in, and how it ended. */
export class RawPeer {
  readonly socket: TLSSocket;
  /** Settles when the connection is over: null for an orderly end. */
  readonly closed: Promise<Error | null>;
  over = false;
  #pieces: Buffer[] = [];
  #received = 0;
  readonly #frames: Buffer[] = [];
  #wake = () => {};

  constructor(socket: TLSSocket) {
    this.socket = socket;
    let failure: Error | null = null;
    socket.on('error', (error) => {
      failure = error;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.over = true;
        this.#wake();
        resolve(failure);
      });
    });
    socket.on('data', (piece: Buffer) => this.#take(piece));
  }

  /** TLS is up; no hello yet. */
  static async dial(address: string, tls?: PemPair): Promise<RawPeer> {
    const socket = connectTls({ socket: await dialTcp(address), rejectUnauthorized: false, ...tls });
    const peer = new RawPeer(socket);
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    return peer;
  }

  /** A whole session: an honest handshake by the protocol's own code. */
  static async session(address: string, options: RawOptions = {}): Promise<RawPeer> {
    const {
      identity = unboundIdentity(),
      dialect = DIALECT_2,
      native = false,
      now = systemSeconds,
    } = options;
    const peer = await RawPeer.dial(address, identity.tls);
    const side = createInitiator({
      key: identity.key,
      dialect,
      capabilities: CAPABILITIES,
      expectedKey: null,
      secrets: freshHandshakeSecrets(native),
    });
    peer.socket.write(side.start(now()));
    const step = side.receive((await peer.frame()).subarray(4), now());
    if (step.kind !== 'done') throw new Error(`handshake: ${JSON.stringify(step)}`);
    peer.socket.write(step.send!);
    return peer;
  }

  /** Stops reading: what comes piles up at the sender. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Frames received and not taken yet. */
  get waiting(): number {
    return this.#frames.length;
  }

  /** The next whole frame, length included. Rejects when the connection ends first. */
  async frame(): Promise<Buffer> {
    for (;;) {
      const next = this.#frames.shift();
      if (next) return next;
      if (this.over) throw new Error('the connection is over');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async envelope(): Promise<Envelope> {
    return decodeEnvelope((await this.frame()).subarray(4), 2 * 1024 * 1024);
  }

  send(type: number, reqId: number, payload: Uint8Array = new Uint8Array(0), flags = 0): boolean {
    return this.socket.write(encodeFrame({ type, reqId, flags, payload }));
  }

  async ask(type: number, reqId: number, payload?: Uint8Array): Promise<Envelope> {
    this.send(type, reqId, payload);
    return await this.envelope();
  }

  /** Ends the TCP connection with a reset. */
  reset(): void {
    // A TLS socket cannot be reset; the TCP socket below it can.
    (this.socket as unknown as { _parent: Socket })._parent.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#received += piece.length;
    while (this.#received >= 4) {
      // Joined only for a length, or a frame that is whole: chunks come in many pieces.
      if (this.#pieces[0]!.length < 4) this.#join();
      const total = 4 + this.#pieces[0]!.readUInt32BE(0);
      if (this.#received < total) break;
      const all = this.#join();
      this.#frames.push(all.subarray(0, total));
      this.#pieces = [all.subarray(total)];
      this.#received -= total;
    }
    this.#wake();
  }

  #join(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}

/** A server whose every connection a script plays. */
export class RawServer {
  readonly address: string;
  readonly identity: RawIdentity;
  connections = 0;
  readonly #server: Server;
  readonly #peers = new Set<RawPeer>();

  private constructor(server: Server, identity: RawIdentity) {
    this.#server = server;
    this.identity = identity;
    this.address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The script gets each connection once TLS is up. */
  static async start(
    script: (peer: RawPeer, count: number) => unknown,
    options: { identity?: RawIdentity; tls?: TlsOptions } = {},
  ): Promise<RawServer> {
    const identity = options.identity ?? unboundIdentity();
    let self: RawServer;
    const server = createServer({
      ...identity.tls,
      requestCert: true,
      rejectUnauthorized: false,
      ...options.tls,
    });
    server.on('tlsClientError', () => {});
    server.on('secureConnection', (socket) => {
      socket.setNoDelay(true);
      const peer = new RawPeer(socket);
      self.#peers.add(peer);
      void peer.closed.then(() => self.#peers.delete(peer));
      // A script that loses its connection is at its end.
      Promise.resolve(script(peer, self.connections++)).catch(() => peer.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    self = new RawServer(server, identity);
    return self;
  }

  /** A server that shakes hands honestly, then leaves the session to the script. */
  static async sessions(
    script: (peer: RawPeer, count: number) => unknown,
    options: RawOptions & { tls?: TlsOptions } = {},
  ): Promise<RawServer> {
    const { identity = unboundIdentity(), now = systemSeconds } = options;
    const replays = createReplayTable();
    return await RawServer.start(
      async (peer, count) => {
        const side = createResponder({
          key: identity.key,
          capabilities: CAPABILITIES,
          replays,
          secrets: () => freshHandshakeSecrets(options.native ?? false),
        });
        let step: HandshakeStep;
        do {
          step = side.receive((await peer.frame()).subarray(4), now());
          if (step.send) peer.socket.write(step.send);
        } while (step.kind === 'continue');
        if (step.kind === 'failed') return peer.destroy();
        await script(peer, count);
      },
      { identity, ...(options.tls && { tls: options.tls }) },
    );
  }

  get open(): number {
    return this.#peers.size;
  }

  close(): void {
    for (const peer of this.#peers) peer.destroy();
    this.#server.close();
  }
}

/** A bare TCP connection. */
export async function dialTcp(address: string): Promise<Socket> {
  const { hostname, port } = new URL(address);
  const socket = connectTcp({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Polls, because what is waited for happens on other sockets. Rejects after ten seconds. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
