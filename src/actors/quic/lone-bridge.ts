import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UdpAddress } from '../../bridge-link/control-lines.ts';
import { decodeOpening, encodeDialRequest } from '../../bridge-link/preamble.ts';
import { takePreamble } from '../../bridge-link/take-preamble.ts';
import { failure } from '../../errors.ts';
import { selfSigned } from '../../protocol/crypto/self-signed.ts';
import { findEngine } from '../../quic-engine.ts';
import { systemClock } from '../../supervisor/contract/clock.ts';
import { createLog } from '../../supervisor/observe/log.ts';
import { BridgeKeeper } from './bridge-keeper.ts';
import { BridgeProcess } from './bridge-process.ts';
import { engineProgram } from './engine.ts';

/** Whoever runs one by hand bounds itself. */
const UNLIMITED = 1_000_000;
const PENDING_MS = 10_000;

/** The QUIC process without a node around it, for whoever looks at other nodes from outside. */
export class LoneBridge {
  /** For its local sockets, and for those that take connections. */
  readonly folder: string;
  readonly #keeper: BridgeKeeper;
  #path = '';

  private constructor(folder: string, keeper: BridgeKeeper) {
    this.folder = folder;
    this.#keeper = keeper;
  }

  /** With `E_QUIC_UNAVAILABLE` where there is no engine for it, `E_LISTEN` where the address is taken. */
  static async start(listen: readonly UdpAddress[] = []): Promise<LoneBridge> {
    const engine = findEngine();
    if (engine.binary === null) throw failure('E_QUIC_UNAVAILABLE', `no QUIC here: ${engine.reason}`);
    const folder = await mkdtemp(join(tmpdir(), 'gb-'));
    const program = engineProgram(engine.binary, folder);
    const { key, cert: certificate } = selfSigned('p256');
    const limits = {
      ...{ maxPending: UNLIMITED, maxPendingPerAddress: UNLIMITED, maxPerSecond: UNLIMITED },
      ...{ maxPerSecondPerNet: UNLIMITED, maxStreams: UNLIMITED, pendingMs: PENDING_MS },
    };
    const keeper = new BridgeKeeper(
      {
        clock: systemClock,
        log: createLog('warn', {}),
        spawn: (events) => new BridgeProcess(program, events),
        command: (life) => ({
          ...{ key, certificate, dial: join(folder, `d${life}`), congestion: 'cubic' as const, limits },
        }),
        counted: () => {},
        restarted: () => {},
      },
      listen,
    );
    const bridge = new LoneBridge(folder, keeper);
    try {
      bridge.#path = await keeper.up();
    } catch (error) {
      await bridge.stop();
      throw error;
    }
    return bridge;
  }

  get bound(): readonly UdpAddress[] {
    return this.#keeper.bound;
  }

  /** Accepted connections come to the socket at this path, each behind its preamble. */
  accept(path: string): void {
    this.#keeper.useShards([path]);
  }

  /** A stream that is open, nothing said on it. Rejects with the reason when there is none within `ms`. */
  dial(host: string, port: number, ms: number): Promise<Socket> {
    const socket = connect(this.#path);
    socket.write(encodeDialRequest({ host, port, ms, congestion: 'cubic' }));
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => {
        socket.destroy();
        reject(error);
      };
      const heard = (json: Uint8Array) => {
        const opening = decodeOpening(json);
        if (opening.role === 'failed') return refuse(new Error(opening.reason));
        resolve(socket);
      };
      socket.on('error', refuse);
      socket.once('close', () => refuse(new Error('the QUIC process closed it')));
      takePreamble(socket, heard, refuse);
    });
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
