import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { congestionOf } from '../../bridge-link/congestion.ts';
import type { UdpAddress } from '../../bridge-link/control-lines.ts';
import { failure } from '../../errors.ts';
import { formatAddress } from '../../protocol/addresses/address.ts';
import { parseListenAddress } from '../../protocol/addresses/listen-address.ts';
import { selfSigned } from '../../protocol/crypto/self-signed.ts';
import { findEngine } from '../../quic-engine.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { closedFolder } from '../closed-folder.ts';
import { actor } from '../contracts.ts';
import { BridgeKeeper } from './bridge-keeper.ts';
import { BridgeProcess } from './bridge-process.ts';
import { quicContract } from './contract.ts';
import { engineProgram } from './engine.ts';

const AFTER_DEATH_TRIES = 20;
const AFTER_DEATH_PAUSE_MS = 100;

/** QUIC for the shards: a process of its own that maps each connection to a local socket. This actor keeps it running. */
export default actor(quicContract, async (context) => {
  const { config, clock, epoch, log, metrics, refs } = context;
  const { folder, off } = config;
  const { maxPending, maxPendingPerAddress } = config;
  const limits = { maxPending, maxPendingPerAddress };
  const listen = off ? [] : config.listen.map(udpAddress);
  const engine = off || folder === '' ? { binary: null, reason: 'it is off' } : findEngine();
  const keeper = engine.binary === null ? null : keep(engine.binary);

  function keep(binary: string): BridgeKeeper {
    const { maxPerSecond, maxPerSecondPerNet, pendingMs, maxStreams } = config;
    // Not that of the node key: sessions are bound to it inside their stream, and the process need not know the key.
    const { key, cert: certificate } = selfSigned('p256');
    const program = engineProgram(binary, folder);
    return new BridgeKeeper(
      {
        clock,
        log,
        spawn: (events) => new BridgeProcess(program, events),
        command: (life) => ({
          ...{ key, certificate, dial: join(folder, `d${epoch}.${life}`) },
          congestion: congestionOf(
            config.congestion,
            listen.map(({ host }) => host),
          ),
          limits: { ...limits, maxPerSecond, maxPerSecondPerNet, pendingMs, maxStreams },
        }),
        counted({ accepted, dialled, refused, failed, pending, streams }) {
          const now = { accepted, dialled, refused, failed, pending, streams };
          for (const [name, value] of Object.entries(now)) metrics.set(name as keyof typeof now, value);
        },
        restarted: () => metrics.add('restarts', 1),
      },
      listen,
    );
  }

  /** Every shard that takes connections has a socket for them; one that does not answer is asked again when it is back. */
  async function askShards(): Promise<void> {
    if (listen.length === 0 || keeper === null) return;
    const members = Array.from({ length: refs.transport.size }, (_, index) => refs.transport.member(index));
    const answers = await Promise.allSettled(
      members.map((member) => member.ask('serveQuic', { folder, limits })),
    );
    keeper.useShards(
      answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value.path ?? []) : [])),
    );
  }

  /** The process of the life before may still hold the port: it ends within a second of that. */
  async function firstStart(process: BridgeKeeper): Promise<void> {
    for (let tries = epoch > 1 ? AFTER_DEATH_TRIES : 1; ; tries--) {
      try {
        await process.up();
        return;
      } catch (error) {
        if (!(error instanceof ActorError) || error.code !== 'E_LISTEN' || tries <= 1) throw error;
        await sleep(clock, AFTER_DEATH_PAUSE_MS, context.signal);
      }
    }
  }

  if (keeper !== null) {
    await closedFolder(folder);
    // What a killed node left. The sockets of shards are theirs.
    for (const name of await readdir(folder)) {
      if (/^d\d/.test(name)) await rm(join(folder, name), { force: true });
    }
  }
  if (listen.length > 0) {
    if (keeper === null)
      log.warn({ reason: engine.reason }, 'no QUIC here: this node speaks TLS over TCP alone');
    else {
      await askShards();
      await firstStart(keeper).catch((error: unknown) => {
        // A port that another program holds is the operator's to mend, as with TCP; all else leaves TCP.
        if (!(error instanceof ActorError) || error.code === 'E_LISTEN') throw error;
        log.warn({ reason: error.message }, 'no QUIC here: this node speaks TLS over TCP alone');
      });
    }
  }

  return {
    handlers: {
      async dialAt() {
        if (keeper === null) throw failure('E_QUIC_UNAVAILABLE', `no QUIC here: ${engine.reason}`);
        return { path: await keeper.up() };
      },
      addresses() {
        const bound = keeper?.bound ?? [];
        return {
          bound: bound.map((address) => formatAddress({ transport: 'quic', nodeKey: null, ...address })),
        };
      },
      status() {
        if (keeper !== null) return keeper.status();
        const { reason } = engine;
        return {
          ...({ state: off || folder === '' ? 'off' : 'missing', reason } as const),
          ...{ engine: null, pid: null, restarts: 0, rss: 0, streams: 0 },
        };
      },
      shardsChanged: () => askShards(),
    },
    quiesce: () => keeper?.quiesce(),
    stop: () => keeper?.stop(),
  };
});

/** Addresses have been checked with the settings. */
function udpAddress(text: string): UdpAddress {
  const parsed = parseListenAddress(text);
  if (parsed.ok) return { host: parsed.address.host, port: parsed.address.port };
  throw failure('E_CONFIG', `cannot listen on ${text}`, { subject: text, next: 'write quic://IP:PORT' });
}
