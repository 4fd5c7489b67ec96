import { publicKeyBytes } from '../../protocol/crypto/ed25519.ts';
import { actor } from '../contracts.ts';
import { BansInForce } from '../follow-bans.ts';
import { SessionAcceptor } from './accept-session.ts';
import { askAgain } from './ask-again.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { ChunkFetch } from './chunk-fetch.ts';
import { ChunkServer } from './chunk-server.ts';
import { ChunkSink } from './chunk-sink.ts';
import type { ConnectionHost } from './connection.ts';
import { transportContract } from './contract.ts';
import { Dialer } from './dialer.ts';
import { followCaps, refusalTeller } from './follow-caps.ts';
import { FrameMemory } from './frame-memory.ts';
import { OrderedHashes } from './ordered-hashes.ts';
import { PathMemory } from './path-memory.ts';
import { QuicDoor } from './quic-door.ts';
import { RequestRouter } from './request-router.ts';
import { retire } from './retirement.ts';
import { sessionInfo } from './session.ts';
import { SessionTable } from './session-table.ts';
import { ShardCaps } from './shard-caps.ts';
import { secureContextOf } from './tls-contexts.ts';
import { UploadLine } from './upload-line.ts';

/** One transport shard: the sockets it accepted or dialled, their sessions, and the bytes of chunks both ways. */
export default actor(transportContract, async (given) => {
  // Read where it is needed, so that a change is in force at once.
  const config = { ...given.config };
  const context = { ...given, config };
  const { clock, metrics, refs } = context;
  const identity = await refs.store.ask('identity', null);
  const key = { privateKey: identity.privateKey, publicKey: publicKeyBytes(identity.privateKey) };
  const buffers = new ChunkBuffers(() => metrics.add('buffers_made', 1));
  const caps = new ShardCaps(clock, context.member);
  context.spawn(() => followCaps(context, caps));
  const uploads = new UploadLine(caps, clock, refusalTeller(context));
  const host: ConnectionHost = {
    clock,
    log: context.log,
    buffers,
    frames: new FrameMemory(),
    caps,
    secureContext: secureContextOf(identity),
    connections: new Set(),
    received: (count) => metrics.add('bytes_down', count),
    sent: (count) => metrics.add('bytes_up', count),
    dropped: () => metrics.add('sessions_dropped', 1),
  };
  const sessions = new SessionTable(context);
  const bans = await BansInForce.follow(context, (list) => sessions.endBanned(list));
  const ordered = new OrderedHashes();
  const chunks = new ChunkServer(context, buffers);
  const router = new RequestRouter(context);
  const acceptor = new SessionAcceptor(context, {
    host,
    key,
    sessions,
    router,
    chunks,
    uploads,
    bans,
  });
  sessions.everyRound(() => acceptor.look());
  const paths = new PathMemory();
  sessions.everyRound(() => sessions.measure(paths));
  const dialer = new Dialer(context, { host, key, bans }, sessions, paths);
  const door = new QuicDoor(context, (socket, remote) => acceptor.adopt('quic', socket, remote, () => {}));
  // At the start of the node nobody listens yet, and asks by itself.
  refs.quic.tell('shardsChanged', null);

  return {
    handlers: {
      async adopt({ socket, remote, newcomer }) {
        let paid = newcomer;
        const judge = (good: boolean) => {
          if (good && !paid) return;
          refs.acceptor.tell('judged', { remote, paid, good });
          paid = false;
        };
        const established = await acceptor.adopt('tcp', socket, remote, judge);
        return { established, sessions: sessions.size };
      },
      async connect(peer) {
        return sessionInfo(await dialer.session(peer), clock.now());
      },
      async request({ peer, type, payload }, call) {
        return await askAgain(() => dialer.session(peer), type, payload, call.signal);
      },
      fetch({ peer, ...wanted }, call) {
        const sink = new ChunkSink(clock, buffers, config);
        return new ChunkFetch(context, sink, ordered, () => dialer.bulkSession(peer), wanted).run(
          call.signal,
        );
      },
      async serveQuic({ folder, limits }) {
        return { path: await door.open(folder, limits) };
      },
      sessions: () => sessions.infos(),
      load: () => ({ sessions: sessions.size }),
      dialled: () => sessions.dialled(),
      configure(next) {
        Object.assign(config, next);
        return null;
      },
    },
    quiesce() {
      door.close();
      acceptor.quiesce();
      dialer.quiesce();
    },
    retire() {
      door.close();
      refs.quic.tell('shardsChanged', null);
      return retire(clock, sessions, host.connections, context.signal);
    },
    pressure(level) {
      buffers.tighten(level === 'high');
      acceptor.tighten(level === 'high');
    },
    stop() {
      sessions.close();
      // Handshakes, ours and those of others.
      for (const connection of host.connections) connection.destroy();
      chunks.close();
      uploads.close();
      caps.close();
    },
  };
});
