import { failure } from '../../errors.ts';
import { formatAddress, parseAddress } from '../../protocol/addresses/address.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import { dialectOf } from '../../protocol/dialect.ts';
import type { HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import { type DialAttempt, nextDial } from '../../protocol/handshake/retry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { BansInForce } from '../follow-bans.ts';
import type { KnownPeer } from '../store/contract.ts';
import type { Connection } from './connection.ts';
import type { ShardContext } from './context.ts';
import type { PeerTarget } from './contract.ts';
import { type DialOptions, type DialTarget, dialOnce } from './dial-attempt.ts';
import { tellLost, tellMet } from './interested.ts';
import { OutboundSession } from './outbound-session.ts';
import { isBoundTo } from './peer-certificate.ts';
import { peerOf } from './session.ts';
import { noRoom, type SessionTable } from './session-table.ts';

/** The one session to each peer: found, or dialled in the dialect the peer turns out to speak. */
export class Dialer {
  readonly #context: ShardContext;
  readonly #options: Omit<DialOptions, 'dialMs'> & { readonly bans: BansInForce };
  readonly #sessions: SessionTable;
  readonly #dialling = new Map<string, Promise<OutboundSession>>();
  #stopped = false;

  constructor(
    context: ShardContext,
    options: Omit<DialOptions, 'dialMs'> & { readonly bans: BansInForce },
    sessions: SessionTable,
  ) {
    this.#context = context;
    this.#options = options;
    this.#sessions = sessions;
  }

  /** Dials no more. */
  quiesce(): void {
    this.#stopped = true;
  }

  /** Callers that want the same peer at once share one dial; it goes on when one of them leaves. */
  session(peer: PeerTarget): Promise<OutboundSession> {
    const target = targetOf(peer);
    const known = this.#sessions.outbound(target.address);
    // A session with another key than the wanted one proves nothing about who answers there now.
    if (known && !known.end && (target.nodeKey === null || bytesEqual(known.peer.key, target.nodeKey))) {
      return Promise.resolve(known);
    }
    if (this.#stopped) throw stopping();
    if (this.#isBanned(target)) throw banned(target.address);
    const name = `${target.address}@${target.nodeKey === null ? '' : toHex(target.nodeKey)}`;
    const running = this.#dialling.get(name);
    if (running) return running;
    const dialling = this.#told(target).finally(() => this.#dialling.delete(name));
    this.#dialling.set(name, dialling);
    return dialling;
  }

  async #told(target: DialTarget): Promise<OutboundSession> {
    const { address } = target;
    try {
      const session = await this.#dial(target);
      tellMet(this.#context, session.peer, { address, direction: 'out' });
      return session;
    } catch (error) {
      tellLost(this.#context, { address, nodeKey: target.nodeKey && toHex(target.nodeKey) }, error);
      throw error;
    }
  }

  async #dial(target: DialTarget): Promise<OutboundSession> {
    if (!this.#sessions.makeRoom(null)) throw noRoom();
    const known = await this.#recall(target.address);
    const remembered = known && dialectOf(known.version, known.capabilityKeys);
    const attempts: DialAttempt[] = [];
    let error = failure('E_PEER_UNREACHABLE', 'not dialled', { subject: target.address });
    for (;;) {
      const next = nextDial(remembered, attempts);
      if (next.kind !== 'dial') throw error;
      const { session, attempt, failed } = await this.#attempt(target, next.form, known);
      if (session) return session;
      error = failed;
      attempts.push(attempt);
      if (this.#stopped) throw error;
    }
  }

  async #attempt(
    target: DialTarget,
    form: Dialect,
    known: KnownPeer | null,
  ): Promise<
    | { session: OutboundSession; attempt: null; failed: null }
    | { session: null; attempt: DialAttempt; failed: ActorError }
  > {
    let opened: OutboundSession | ActorError | null = null;
    const end = await dialOnce(
      { ...this.#options, dialMs: this.#context.config.dialMs },
      target,
      form,
      (connection, result) => {
        opened = this.#open(target, connection, result, known);
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
    result: HandshakeResult,
    known: KnownPeer | null,
  ): OutboundSession | ActorError {
    const bound = isBoundTo(connection.socket, result.peerKey);
    const peer = peerOf(result, bound);
    const { address } = target;
    const refuse = (error: ActorError) => {
      connection.destroy();
      return error;
    };
    const unbound = (message: string) => refuse(failure('E_PEER_UNBOUND', message, { subject: address }));
    if (!bound && result.native) return unbound('a Granary node, but TLS ends at somebody else');
    if (!result.native && known?.native && known.nodeKey === peer.nodeKey) {
      return unbound('this key was a Granary node before and does not say so any more');
    }
    // Known only now, or banned while it was dialled.
    if (this.#isBanned({ ip: target.ip, nodeKey: result.peerKey })) return refuse(banned(address));
    if (!bound && this.#context.config.requireBound) {
      return unbound('its certificate does not carry its node key, and unbound peers are refused');
    }
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

  #isBanned({ ip, nodeKey }: Pick<DialTarget, 'ip' | 'nodeKey'>): boolean {
    const { bans } = this.#options;
    return bans.hasIp(ip) || (nodeKey !== null && bans.hasKey(toHex(nodeKey)));
  }

  /** Without the store nothing is remembered: the peer is dialled as an unknown one. */
  #recall(address: string): Promise<KnownPeer | null> {
    return this.#context.refs.store.ask('knownPeer', { address }).catch(withoutStore);
  }

  #remember(peer: KnownPeer): void {
    void this.#context.refs.store.ask('rememberPeer', peer).catch(withoutStore);
  }
}

const stopping = () => failure('E_BUSY', 'the node is stopping', { retryable: true });

const banned = (subject: string) => failure('E_PEER_BANNED', 'this node has banned that peer', { subject });

function withoutStore(error: unknown): null {
  if (error instanceof ActorError) return null;
  throw error;
}

/** Checks an address as it came from a link or an operator. Throws `E_ADDRESS_INVALID`. */
function targetOf(peer: PeerTarget): DialTarget {
  const parsed = parseAddress(peer.address);
  const invalid = (why: string) => failure('E_ADDRESS_INVALID', why, { subject: peer.address });
  if (!parsed.ok) throw invalid(`no address of a peer: ${parsed.reason}`);
  if (parsed.address.transport !== 'tcp') throw invalid('this node speaks TLS over TCP only');
  const given = peer.nodeKey === undefined ? null : fromHex(peer.nodeKey, 32);
  if (peer.nodeKey !== undefined && given === null) throw invalid('a node key has 64 hex digits');
  const { host, port, nodeKey: written } = parsed.address;
  if (given && written && !bytesEqual(given, written)) {
    throw failure('E_PEER_IDENTITY', 'the address names another key than the one wanted', {
      subject: peer.address,
    });
  }
  const address = formatAddress({ transport: 'tcp', host, port, nodeKey: null });
  return { address, ip: host, port, nodeKey: given ?? written };
}
