import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { decodeOpening, PreambleReader } from '../../bridge-link/preamble.ts';
import { ipOfRemote } from '../../protocol/addresses/remote.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
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
    const reader = new PreambleReader();
    const { clock } = this.#context;
    this.#unsaid.add(socket);
    const drop = () => void socket.destroy();
    const disarm = clock.after(PREAMBLE_MS, drop);
    const settled = () => {
      disarm();
      this.#unsaid.delete(socket);
      socket.off('readable', more);
    };
    const more = () => {
      try {
        while (reader.missing > 0 && socket.readableLength > 0) {
          const piece: Buffer | null = socket.read(Math.min(reader.missing, socket.readableLength));
          if (piece === null) return;
          const json = reader.add(piece);
          if (json === null) continue;
          settled();
          const opening = decodeOpening(json);
          if (opening.role !== 'accepted') return drop();
          return this.#enter(socket, opening.remote, places);
        }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        settled();
        drop();
      }
    };
    socket.on('error', drop);
    socket.once('close', settled);
    socket.on('readable', more);
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
