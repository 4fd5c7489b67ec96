import { failure } from '../../errors.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import { dialectOf } from '../../protocol/dialect.ts';
import { type DialAttempt, nextDial } from '../../protocol/handshake/retry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { BansInForce } from '../follow-bans.ts';
import type { KnownPeer } from '../known-peer-types.ts';
import { noAnswer } from '../no-answer.ts';
import { moreTelling } from '../telling-error.ts';
import type { Connection } from './connection.ts';
import type { ShardContext } from './context.ts';
import type { PeerTarget } from './contract.ts';
import { type DialCall, type DialOptions, type DialTarget, dialOnce } from './dial-attempt.ts';
import { BridgeLost } from './dial-connection.ts';
import { dialOrder } from './dial-order.ts';
import { race } from './dial-race.ts';
import { tellLost, tellMet } from './interested.ts';
import { OutboundSession } from './outbound-session.ts';
import type { PathMemory } from './path-memory.ts';
import { type Peer, peerOf } from './session.ts';
import { bindingFault } from './session-binding.ts';
import { noRoom, type SessionTable } from './session-table.ts';
import { waysTo } from './ways-to-peer.ts';

type ShardOptions = Pick<DialOptions, 'host' | 'key'> & { readonly bans: BansInForce };

/** A dial whose bridge ended is begun again so often: the peer has nothing to do with it. Its keeper needs a moment to notice. */
const BRIDGE_TRIES = 6;
const BRIDGE_PAUSE_MS = 30;

/** One dial of several addresses: the first that comes through has it. */
interface Contest {
  won: boolean;
}

/** The one session to each peer: found, or dialled over the transport and in the dialect that the peer turns out to speak. */
export class Dialer {
  readonly #context: ShardContext;
  readonly #options: ShardOptions;
  readonly #sessions: SessionTable;
  readonly #paths: PathMemory;
  readonly #dialling = new Map<string, Promise<OutboundSession>>();
  #stopped = false;

  constructor(context: ShardContext, options: ShardOptions, sessions: SessionTable, paths: PathMemory) {
    this.#context = context;
    this.#options = options;
    this.#sessions = sessions;
    this.#paths = paths;
  }

  /** Dials no more. */
  quiesce(): void {
    this.#stopped = true;
  }

  /** Callers that want the same peer at once share one dial; it goes on when one of them leaves. */
  async session(peer: PeerTarget): Promise<OutboundSession> {
    const ways = waysTo(peer);
    return this.#living(ways) ?? (await this.#shared(ways));
  }

  /** For many chunks: over TCP where there is a choice, and none of QUIC's being faster. */
  async bulkSession(peer: PeerTarget): Promise<OutboundSession> {
    const ways = waysTo(peer);
    const known = this.#living(ways);
    if (known === null || known.connection.transport === 'tcp' || this.#context.config.policy !== 'auto') {
      return known ?? (await this.#shared(ways));
    }
    const [best] = this.#ordered(ways)[0] ?? [];
    const over = best?.transport === 'tcp' && !this.#pathOf(best.address).failed ? [best] : [];
    if (over.length === 0) return known;
    return await this.#shared(over).catch((error: unknown) => {
      if (known.end === null && error instanceof ActorError) return known;
      throw error;
    });
  }

  #living(ways: readonly DialTarget[]): OutboundSession | null {
    for (const { address, nodeKey } of ways) {
      const known = this.#sessions.outbound(address);
      // A session with another key than the wanted one proves nothing about who answers there now.
      if (known && !known.end && (nodeKey === null || bytesEqual(known.peer.key, nodeKey))) return known;
    }
    return null;
  }

  #shared(ways: readonly DialTarget[]): Promise<OutboundSession> {
    if (this.#stopped) throw stopping();
    const name = ways
      .map(({ address, nodeKey }) => `${address}@${nodeKey === null ? '' : toHex(nodeKey)}`)
      .join();
    const running = this.#dialling.get(name);
    if (running) return running;
    const dialling = this.#dialAll(ways).finally(() => this.#dialling.delete(name));
    this.#dialling.set(name, dialling);
    return dialling;
  }

  #ordered(ways: readonly DialTarget[]): readonly (readonly DialTarget[])[] {
    return dialOrder(ways, this.#context.config.policy, (address) => this.#pathOf(address));
  }

  #pathOf(address: string) {
    return this.#paths.of(address, this.#context.clock.now());
  }

  async #dialAll(ways: readonly DialTarget[]): Promise<OutboundSession> {
    const { clock, config } = this.#context;
    const allowed = ways.filter((way) => !this.#isBanned(way));
    if (allowed.length === 0) throw banned(ways[0]!.address);
    const stages = this.#ordered(allowed);
    let error: ActorError | null = null;
    for (const stage of stages) {
      const contest: Contest = { won: false };
      const contenders = stage.map((target) => ({
        dial: (signal: AbortSignal, reached: () => void) => this.#dial(target, contest, signal, reached),
      }));
      try {
        return await race(clock, contenders);
      } catch (failed) {
        if (!(failed instanceof ActorError)) throw failed;
        error = moreTelling(error, failed);
      }
    }
    if (error !== null) throw error;
    throw failure(
      'E_PEER_UNREACHABLE',
      `no address of it may be dialled: transport.policy is ${config.policy}`,
      {
        subject: ways[0]!.address,
      },
    );
  }

  async #dial(
    target: DialTarget,
    contest: Contest,
    signal: AbortSignal,
    reached: () => void,
  ): Promise<OutboundSession> {
    const { clock } = this.#context;
    const from = clock.now();
    let answered = false;
    const call: DialCall = {
      signal,
      reached() {
        answered = true;
        reached();
      },
    };
    try {
      const session = await this.#inDialects(target, contest, call);
      this.#paths.worked(target.address, clock.now() - from);
      tellMet(this.#context, session.peer, { address: target.address, direction: 'out' });
      return session;
    } catch (error) {
      // One that was called off after it had answered is as good as the one that won.
      if (!signal.aborted || !answered) this.#paths.failed(target.address, clock.now());
      if (!signal.aborted)
        tellLost(
          this.#context,
          { address: target.address, nodeKey: target.nodeKey && toHex(target.nodeKey) },
          error,
        );
      throw error;
    }
  }

  async #inDialects(target: DialTarget, contest: Contest, call: DialCall): Promise<OutboundSession> {
    if (!this.#sessions.makeRoom(null)) throw noRoom();
    const known = await this.#recall(target.address);
    const remembered = known && dialectOf(known.version, known.capabilityKeys);
    const attempts: DialAttempt[] = [];
    let error = failure('E_PEER_UNREACHABLE', 'not dialled', { subject: target.address });
    let bridges = 0;
    for (;;) {
      const next = nextDial(remembered, attempts);
      if (next.kind !== 'dial') throw error;
      const { session, attempt, failed } = await this.#attempt(target, next.form, known, contest, call);
      if (session) return session;
      error = failed;
      if (this.#stopped || call.signal.aborted) throw error;
      if (failed.cause instanceof BridgeLost && ++bridges < BRIDGE_TRIES) {
        await sleep(this.#context.clock, BRIDGE_PAUSE_MS * 2 ** bridges, call.signal).catch(() => {});
        continue;
      }
      attempts.push(attempt);
    }
  }

  async #attempt(
    target: DialTarget,
    form: Dialect,
    known: KnownPeer | null,
    contest: Contest,
    call: DialCall,
  ): Promise<
    | { session: OutboundSession; attempt: null; failed: null }
    | { session: null; attempt: DialAttempt; failed: ActorError }
  > {
    let opened: OutboundSession | ActorError | null = null;
    const { dialMs, congestion } = this.#context.config;
    const end = await dialOnce(
      { ...this.#options, dialMs, congestion, bridge: () => this.#bridge(target) },
      target,
      form,
      call,
      (connection, result, bound) => {
        opened =
          contest.won || call.signal.aborted
            ? late(connection)
            : this.#open(target, connection, peerOf(result, bound), known);
        contest.won ||= opened instanceof OutboundSession;
      },
    );
    if (end.kind === 'ended') {
      this.#context.metrics.add('handshakes_failed', 1);
      return { session: null, attempt: { form, outcome: end.outcome }, failed: end.error };
    }
    const session = opened as OutboundSession | ActorError | null;
    if (session instanceof OutboundSession) return { session, attempt: null, failed: null };
    this.#context.metrics.add('handshakes_failed', 1);
    const failed = session ?? failure('E_INTERNAL', 'a handshake ended without a session');
    return { session: null, attempt: { form, outcome: { kind: 'refused' } }, failed };
  }

  #open(
    target: DialTarget,
    connection: Connection,
    peer: Peer,
    known: KnownPeer | null,
  ): OutboundSession | ActorError {
    const { address } = target;
    const refuse = (error: ActorError) => {
      connection.destroy();
      return error;
    };
    const unbound = (message: string) => refuse(failure('E_PEER_UNBOUND', message, { subject: address }));
    const fault = bindingFault(peer.bound, connection, this.#context.config.requireBound);
    if (fault !== null) return unbound(fault);
    if (!peer.native && known?.native && known.nodeKey === peer.nodeKey) {
      return unbound('this key was a Granary node before and does not say so any more');
    }
    // Known only now, or banned while it was dialled.
    if (this.#isBanned({ ip: target.ip, nodeKey: peer.key })) return refuse(banned(address));
    // Looked at once more: others were dialled, and the node may have begun to stop, meanwhile.
    if (this.#stopped) return refuse(stopping());
    if (!this.#sessions.makeRoom(null)) return refuse(noRoom());
    const session = new OutboundSession({
      connection,
      peer,
      address,
      clock: this.#context.clock,
      window: this.#context.config.requestWindow,
      requestMs: this.#context.config.requestMs,
      caps: this.#options.host.caps,
      ended: (ended) => this.#sessions.remove(ended),
    });
    this.#sessions.addOutbound(session);
    this.#remember({
      address,
      nodeKey: peer.nodeKey,
      version: peer.dialect.version,
      capabilityKeys: peer.dialect.capabilityKeys,
      native: peer.native,
      seenAt: session.since,
    });
    return session;
  }

  /** Where the bridge takes dial requests, started if need be. */
  async #bridge({ address }: DialTarget): Promise<string> {
    try {
      return (await this.#context.refs.quic.ask('dialAt', null)).path;
    } catch (error) {
      if (!(error instanceof ActorError) || error.code === 'E_QUIC_UNAVAILABLE') throw error;
      const why = 'the QUIC process is not there at the moment';
      throw failure('E_PEER_UNREACHABLE', why, { subject: address, retryable: true, cause: error });
    }
  }

  #isBanned({ ip, nodeKey }: Pick<DialTarget, 'ip' | 'nodeKey'>): boolean {
    const { bans } = this.#options;
    return bans.hasIp(ip) || (nodeKey !== null && bans.hasKey(toHex(nodeKey)));
  }

  /** Without the store nothing is remembered: the peer is dialled as an unknown one. */
  #recall(address: string): Promise<KnownPeer | null> {
    return this.#context.refs.store.ask('knownPeer', { address }).catch(noAnswer);
  }

  #remember(peer: KnownPeer): void {
    void this.#context.refs.store.ask('rememberPeer', peer).catch(noAnswer);
  }
}

function late(connection: Connection): ActorError {
  connection.destroy();
  return failure('E_PEER_UNREACHABLE', 'the peer was reached at another address meanwhile');
}

const stopping = () => failure('E_BUSY', 'the node is stopping', { retryable: true });

const banned = (subject: string) => failure('E_PEER_BANNED', 'this node has banned that peer', { subject });
