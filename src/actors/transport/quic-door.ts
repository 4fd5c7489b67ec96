import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { decodeOpening } from '../../bridge-link/preamble.ts';
import { takePreamble } from '../../bridge-link/take-preamble.ts';
import { ipOfRemote } from '../../protocol/addresses/remote.ts';
import { closedFolder } from '../closed-folder.ts';
import { HandshakePlaces } from '../handshake-places.ts';
import type { ShardContext } from './context.ts';
import type { PendingLimits } from './contract.ts';

/** The bridge says at once what it brings. */
const PREAMBLE_MS = 2_000;

/**
 * The socket on which a shard takes streams that the QUIC bridge has accepted. Each shard has one of its own, because a
 * Unix socket cannot move between threads. How many come in a second the bridge sees to; here it is about those that do not
 * get on.
 */
export class QuicDoor {
  readonly #context: ShardContext;
  readonly #adopt: (socket: Socket, remote: string) => Promise<boolean>;
  readonly #unsaid = new Set<Socket>();
  #server: Server | null = null;
  #opening: Promise<string> | null = null;
  #closed = false;

  constructor(context: ShardContext, adopt: (socket: Socket, remote: string) => Promise<boolean>) {
    this.#context = context;
    this.#adopt = adopt;
  }

  /** Path of the socket, listened on from the first call on; null when there is none, or none any more. */
  async open(folder: string, limits: PendingLimits): Promise<string | null> {
    if (this.#closed) return null;
    this.#opening ??= this.#listen(folder, new HandshakePlaces(limits));
    return await this.#opening;
  }

  /** Takes nothing more; streams that were adopted are not touched. */
  close(): void {
    this.#closed = true;
    this.#server?.close();
    for (const socket of this.#unsaid) socket.destroy();
  }

  async #listen(folder: string, places: HandshakePlaces): Promise<string> {
    const { member, epoch } = this.#context;
    await closedFolder(folder);
    // Another name in each life: a thread that ends late takes its own socket away, not the one that is listened on now.
    const path = join(folder, `s${member}.${epoch}`);
    await rm(path, { force: true });
    const server = createServer((socket) => this.#read(socket, places));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    server.on('error', () => {});
    if (this.#closed) server.close();
    return path;
  }

  /** Reads exactly the preamble, so that what follows is left for whoever adopts the socket. */
  #read(socket: Socket, places: HandshakePlaces): void {
    this.#unsaid.add(socket);
    const drop = () => void socket.destroy();
    const disarm = this.#context.clock.after(PREAMBLE_MS, drop);
    const heard = (json: Uint8Array) => {
      settled();
      const opening = decodeOpening(json);
      if (opening.role !== 'accepted') return drop();
      this.#enter(socket, opening.remote, places);
    };
    const stopTaking = takePreamble(socket, heard, drop);
    const settled = () => {
      disarm();
      this.#unsaid.delete(socket);
      stopTaking();
    };
    socket.on('error', drop);
    socket.once('close', settled);
  }

  #enter(socket: Socket, remote: string, places: HandshakePlaces): void {
    const { metrics } = this.#context;
    const release = places.take(ipOfRemote(remote));
    if (release === null) {
      metrics.add('streams_refused', 1);
      return void socket.destroy();
    }
    this.#context.spawn(async () => {
      try {
        await this.#adopt(socket, remote);
      } finally {
        release();
      }
    });
  }
}
