import type { Socket } from 'node:net';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { SigningKey } from '../../protocol/crypto/ed25519.ts';
import { freshHandshakeSecrets } from '../../protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../protocol/handshake/replay-table.ts';
import { createResponder } from '../../protocol/handshake/responder.ts';
import type { BansInForce } from '../follow-bans.ts';
import { acceptConnection } from './accept-connection.ts';
import type { ChunkServer } from './chunk-server.ts';
import type { ConnectionHost, Transport } from './connection.ts';
import type { ShardContext } from './context.ts';
import { OWN_CAPABILITIES } from './dial-attempt.ts';
import { driveHandshake } from './handshake-driver.ts';
import { InboundSession } from './inbound-session.ts';
import { tellMet } from './interested.ts';
import { RefusalPace } from './refusal-pace.ts';
import { ReplyMemory } from './reply-memory.ts';
import type { RequestRouter } from './request-router.ts';
import { peerOf } from './session.ts';
import { bindingFault } from './session-binding.ts';
import type { SessionTable } from './session-table.ts';
import type { UploadLine } from './upload-line.ts';
import { UploadPeers } from './upload-peers.ts';

/** The accepting half of a shard. Handshakes run beside each other; one that fails ends without a word, as the network does. */
export class SessionAcceptor {
  readonly #context: ShardContext;
  readonly #host: ConnectionHost;
  readonly #key: SigningKey;
  readonly #sessions: SessionTable;
  readonly #router: RequestRouter;
  readonly #chunks: ChunkServer;
  readonly #uploads: UploadLine;
  readonly #bans: BansInForce;
  readonly #memory = new ReplyMemory();
  readonly #pace = new RefusalPace();
  readonly #peers: UploadPeers;
  readonly #replays = createReplayTable();
  #stopped = false;

  constructor(
    context: ShardContext,
    parts: {
      host: ConnectionHost;
      key: SigningKey;
      sessions: SessionTable;
      router: RequestRouter;
      chunks: ChunkServer;
      uploads: UploadLine;
      bans: BansInForce;
    },
  ) {
    this.#context = context;
    this.#host = parts.host;
    this.#key = parts.key;
    this.#sessions = parts.sessions;
    this.#router = parts.router;
    this.#chunks = parts.chunks;
    this.#uploads = parts.uploads;
    this.#bans = parts.bans;
    this.#peers = new UploadPeers(context.config, () => context.clock.now());
  }

  /**
   * Takes over a socket that another node has opened: unread, with QUIC after the preamble of the bridge. Resolves when the
   * handshake is over: true when there is a session now. `judge` is called when that turns out to be of use, and when it
   * came to nothing.
   */
  async adopt(
    transport: Transport,
    socket: Socket,
    remote: string,
    judge: (good: boolean) => void,
  ): Promise<boolean> {
    // A connection may have died on its way here.
    if (this.#stopped || socket.destroyed) {
      socket.destroy();
      return false;
    }
    const connection = acceptConnection(this.#host, transport, socket, remote);
    const responder = createResponder({
      key: this.#key,
      capabilities: OWN_CAPABILITIES,
      replays: this.#replays,
      secrets: freshHandshakeSecrets,
    });
    let accepted = false;
    const { handshakeMs } = this.#context.config;
    const options = { key: this.#key, clock: this.#context.clock, deadlineMs: handshakeMs };
    const end = await driveHandshake(connection, responder, options, (result, bound) => {
      // The acceptor lets no banned address in; whom a key belongs to, only the handshake tells.
      if (this.#bans.hasKey(toHex(result.peerKey)) || this.#bans.hasAddress(remote))
        return connection.destroy();
      const fault = bindingFault(bound, connection, this.#context.config.requireBound);
      if (fault !== null) return connection.destroy();
      if (!this.#sessions.makeRoom(remote)) return connection.destroy();
      accepted = true;
      const session = new InboundSession({
        connection,
        peer: peerOf(result, bound),
        clock: this.#context.clock,
        router: this.#router,
        chunks: this.#chunks,
        buffers: this.#host.buffers,
        memory: this.#memory,
        pace: this.#pace,
        uploads: this.#uploads,
        peers: this.#peers,
        useful: () => judge(true),
        ended: (ended, fruitless) => {
          this.#sessions.remove(ended);
          if (fruitless) judge(false);
        },
      });
      this.#sessions.addInbound(session);
      tellMet(this.#context, session.peer, { address: session.address, direction: 'in' });
    });
    if (accepted) return true;
    this.#context.metrics.add('handshakes_failed', 1);
    this.#context.log.debug(
      { remote, end: end.kind, ...(end.kind === 'failed' && { reason: end.step.reason }) },
      'no handshake',
    );
    return false;
  }

  /** About once a second. */
  look(): void {
    this.#peers.look();
  }

  /** Whether peers may hold less than usual. */
  tighten(tight: boolean): void {
    this.#memory.tighten(tight);
  }

  quiesce(): void {
    this.#stopped = true;
  }
}
