import { failure } from '../../errors.ts';
import { neighbourhoodOfRemote } from '../../protocol/addresses/neighbourhood.ts';
import type { BanList } from '../ban-list.ts';
import type { ShardContext } from './context.ts';
import type { SessionInfo } from './contract.ts';
import type { InboundSession } from './inbound-session.ts';
import type { OutboundSession } from './outbound-session.ts';
import type { PathMemory } from './path-memory.ts';
import { type Session, sessionInfo } from './session.ts';

/** A session that did something this lately is not closed to make room for another. */
const FRESH_MS = 5_000;
/** By so many sessions more than the newcomer's must a neighbourhood be ahead to give one of its own. */
const AHEAD = 8;

/**
 * Every session of the shard, bounded. Outbound ones are found by their address, inbound ones are counted by
 * neighbourhood, so that one party with many sessions does not keep all others out.
 */
export class SessionTable {
  readonly #context: ShardContext;
  readonly #all = new Set<Session>();
  readonly #outbound = new Map<string, OutboundSession>();
  readonly #neighbours = new Map<string, Set<Session>>();
  readonly #rounds: (() => void)[] = [];
  #disarm: (() => void) | null = null;

  constructor(context: ShardContext) {
    this.#context = context;
    this.#tick();
  }

  /** Also to be looked at about once a second. */
  everyRound(look: () => void): void {
    this.#rounds.push(look);
  }

  get size(): number {
    return this.#all.size;
  }

  /** The living session dialled to this address. */
  outbound(address: string): OutboundSession | null {
    return this.#outbound.get(address) ?? null;
  }

  addOutbound(session: OutboundSession): void {
    this.#add(session);
    this.#outbound.set(session.address, session);
  }

  addInbound(session: InboundSession): void {
    this.#add(session);
    const name = neighbourhoodOfRemote(session.connection.remote);
    const neighbours = this.#neighbours.get(name) ?? new Set();
    this.#neighbours.set(name, neighbours);
    neighbours.add(session);
  }

  remove(session: Session): void {
    this.#all.delete(session);
    if (this.#outbound.get(session.address) === session) this.#outbound.delete(session.address);
    if (session.direction === 'in') this.#leaveNeighbours(session);
    this.#context.metrics.set('sessions', this.#all.size);
  }

  /**
   * Makes room for one more, from that remote address or dialled by us (null): the one idle longest goes; when all are
   * busy, one of the neighbourhood that has by far the most. False: there is no room.
   */
  makeRoom(remote: string | null): boolean {
    if (this.#all.size < this.#context.config.maxSessions) return true;
    const goes = this.#idleLongest() ?? this.#oneOfMany(remote);
    if (goes === null) return false;
    this.#end(goes);
    return true;
  }

  infos(): SessionInfo[] {
    const now = this.#context.clock.now();
    return [...this.#all].map((session) => sessionInfo(session, now));
  }

  /** Notes how fast each address turned out to be. */
  measure(paths: PathMemory): void {
    const now = this.#context.clock.now();
    for (const session of this.#outbound.values())
      paths.carried(session.address, session.connection.down.rate(now));
  }

  dialled(): SessionInfo[] {
    const now = this.#context.clock.now();
    return [...this.#outbound.values()].map((session) => sessionInfo(session, now));
  }

  /** Ends those that have had nothing to do for so long. What a peer has not read yet still reaches it. */
  closeIdle(ms: number): void {
    const now = this.#context.clock.now();
    for (const session of [...this.#all]) {
      if (session.idleSince === null || now - session.idleSince < ms) continue;
      if (session.direction === 'in') (session as InboundSession).finish();
      else this.#end(session);
    }
  }

  /** Ends those with whom this node has nothing to do any more. */
  endBanned(bans: BanList): void {
    for (const session of [...this.#all]) {
      if (bans.hasKey(session.peer.nodeKey) || bans.hasAddress(session.address)) this.#end(session);
    }
  }

  /** Those that others dialled take in no more requests, and end when what was asked is answered. */
  finish(): void {
    for (const session of [...this.#all])
      if (session.direction === 'in') (session as InboundSession).finish();
  }

  close(): void {
    this.#disarm?.();
    for (const session of [...this.#all]) this.#end(session);
  }

  #add(session: Session): void {
    this.#all.add(session);
    this.#context.metrics.set('sessions', this.#all.size);
  }

  #idleLongest(): Session | null {
    let oldest: Session | null = null;
    for (const session of this.#all) {
      if (session.idleSince === null) continue;
      if (oldest === null || session.idleSince < oldest.idleSince!) oldest = session;
    }
    return oldest && this.#context.clock.now() - oldest.idleSince! >= FRESH_MS ? oldest : null;
  }

  /** The oldest session of the largest neighbourhood, if that is well ahead of the newcomer's own. */
  #oneOfMany(remote: string | null): Session | null {
    let most: Set<Session> | undefined;
    for (const each of this.#neighbours.values()) if (each.size > (most?.size ?? 0)) most = each;
    const own = remote === null ? undefined : this.#neighbours.get(neighbourhoodOfRemote(remote));
    if (most === undefined || most.size - (own?.size ?? 0) <= AHEAD) return null;
    return most.values().next().value!;
  }

  #leaveNeighbours(session: Session): void {
    const name = neighbourhoodOfRemote(session.connection.remote);
    const neighbours = this.#neighbours.get(name);
    neighbours?.delete(session);
    if (neighbours?.size === 0) this.#neighbours.delete(name);
  }

  #end(session: Session): void {
    session.connection.destroy();
    this.remove(session);
  }

  /** Deadlines of sessions are looked at often enough to be kept within a quarter. */
  #tick(): void {
    const { clock, config } = this.#context;
    const every = Math.min(1_000, config.requestMs / 4, config.idleMs / 4);
    this.#disarm = clock.after(every, () => {
      const now = clock.now();
      for (const session of [...this.#all]) {
        if (session.idleSince !== null && now - session.idleSince > config.idleMs) this.#end(session);
        else session.check(now);
      }
      for (const look of this.#rounds) look();
      this.#tick();
    });
  }
}

export const noRoom = () => failure('E_BUSY', 'every session of this shard is in use', { retryable: true });
