import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeKeeper } from '../../../src/actors/quic/bridge-keeper.ts';
import { BridgeProcess } from '../../../src/actors/quic/bridge-process.ts';
import { engineProgram } from '../../../src/actors/quic/engine.ts';
import type { BridgeCounts, BridgeLimits } from '../../../src/bridge-link/control-lines.ts';
import {
  type DialFailed,
  decodeOpening,
  encodeDialRequest,
  type StreamOpen,
} from '../../../src/bridge-link/preamble.ts';
import { takePreamble } from '../../../src/bridge-link/take-preamble.ts';
import { selfSigned } from '../../../src/protocol/crypto/self-signed.ts';
import { findEngine } from '../../../src/quic-engine.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';

export const LIMITS: BridgeLimits = {
  ...{ maxPending: 512, maxPendingPerAddress: 8, maxPerSecond: 10_000, maxPerSecondPerNet: 10_000 },
  ...{ pendingMs: 5_000, maxStreams: 4_096 },
};

/** A bridge in a process of its own, kept as a node keeps it. */
export class TestBridge {
  readonly folder: string;
  readonly keeper: BridgeKeeper;
  counts: BridgeCounts | null = null;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(folder: string, listen: string | null, limits: BridgeLimits) {
    this.folder = folder;
    const program = engineProgram(findEngine().binary!, folder);
    const { key, cert: certificate } = selfSigned('p256');
    this.keeper = new BridgeKeeper(
      {
        clock: systemClock,
        log: createLog('silent', {}),
        spawn: (events) => new BridgeProcess(program, events),
        command: (life) => ({
          ...{ key, certificate, dial: join(folder, `d1.${life}`), limits, congestion: 'cubic' as const },
        }),
        counted: (counts) => {
          this.counts = counts;
        },
        restarted: () => {},
      },
      listen === null ? [] : [{ host: listen, port: 0 }],
    );
  }

  /** `listen`: the host; null: it only dials. */
  static async start(listen: string | null = '127.0.0.1', limits = LIMITS): Promise<TestBridge> {
    const bridge = new TestBridge(await mkdtemp(join(tmpdir(), 'gq-')), listen, limits);
    await bridge.keeper.up();
    return bridge;
  }

  get port(): number {
    return this.keeper.bound[0]!.port;
  }

  kill(): void {
    process.kill(this.keeper.status().pid!, 'SIGKILL');
  }

  /** Takes accepted streams by hand, in the place of a shard. */
  async serve(take: (socket: Socket, opening: StreamOpen) => void): Promise<void> {
    const path = join(this.folder, `s${this.#servers.length}`);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#keep(socket);
      void readOpening(socket).then((opening) => take(socket, opening as StreamOpen));
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    this.keeper.useShards(this.#servers.map((each) => each.address() as string));
  }

  /** A stream to there, and what the bridge said of it; `first` travels with the request. */
  async dial(
    port: number,
    first: Uint8Array = new Uint8Array(0),
    host = '127.0.0.1',
  ): Promise<{ socket: Socket; opening: StreamOpen | DialFailed }> {
    const socket = connect({ path: await this.keeper.up(), allowHalfOpen: true });
    this.#keep(socket);
    socket.write(encodeDialRequest({ host, port, ms: 5_000, congestion: 'cubic' }));
    socket.write(first);
    return { socket, opening: await readOpening(socket) };
  }

  async stop(): Promise<void> {
    await this.keeper.stop();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

function readOpening(socket: Socket): Promise<StreamOpen | DialFailed> {
  return new Promise((resolve, reject) => {
    takePreamble(socket, (json) => resolve(decodeOpening(json)), reject);
    socket.once('close', () => reject(new Error('closed before its preamble')));
  });
}

/** Everything up to the end of that direction. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
