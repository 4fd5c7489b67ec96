import { failure } from '../../errors.ts';
import type { ShardContext } from './context.ts';
import type { SessionInfo } from './contract.ts';
import type { InboundSession } from './inbound-session.ts';
import type { OutboundSession } from './outbound-session.ts';
import { type Session, sessionInfo } from './session.ts';

/** A session that did something this lately is not closed to make room for another. */
const FRESH_MS = 5_000;

/** Every session of the shard, bounded. Outbound ones are found by their address. */
export class SessionTable {
  readonly #context: ShardContext;
  readonly #all = new Set<Session>();
  readonly #outbound = new Map<string, OutboundSession>();
  #disarm: (() => void) | null = null;

  constructor(context: ShardContext) {
    this.#context = context;
    this.#tick();
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
  }

  remove(session: Session): void {
    this.#all.delete(session);
    if (this.#outbound.get(session.address) === session) this.#outbound.delete(session.address);
    this.#context.metrics.set('sessions', this.#all.size);
  }

  /** Makes room for one more: the one idle longest goes. False: all are in use. */
  makeRoom(): boolean {
    if (this.#all.size < this.#context.config.maxSessions) return true;
    let oldest: Session | null = null;
    for (const session of this.#all) {
      if (session.idleSince === null) continue;
      if (oldest === null || session.idleSince < oldest.idleSince!) oldest = session;
    }
    if (oldest === null || this.#context.clock.now() - oldest.idleSince! < FRESH_MS) return false;
    this.#end(oldest);
    return true;
  }

  infos(): SessionInfo[] {
    const now = this.#context.clock.now();
    return [...this.#all].map((session) => sessionInfo(session, now));
  }

  close(): void {
    this.#disarm?.();
    for (const session of [...this.#all]) this.#end(session);
  }

  #add(session: Session): void {
    this.#all.add(session);
    this.#context.metrics.set('sessions', this.#all.size);
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
      this.#tick();
    });
  }
}

export const noRoom = () => failure('E_BUSY', 'every session of this shard is in use', { retryable: true });
