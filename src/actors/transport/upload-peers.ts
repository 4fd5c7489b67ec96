/** Chunks of one peer not yet with the system, over all its sessions: one on its way, and the next read behind it. */
export const UNSENT_CHUNKS = 2;
/** A session that took nothing for so long does not count against the others of its peer: it may be a dead connection. */
const STALLED_MS = 2_000;
/** What a peer may be sent while others wait for its slot. */
const SLOT_OCTETS = 16 * 1024 * 1024;
const SLOT_MS = 5_000;
/** A slot that nothing goes out of for so long is for others: slow readers hold none. */
const SLOT_IDLE_MS = 1_000;

/** A session as this looks at it. */
export interface UploadSession {
  readonly peer: { readonly nodeKey: string };
  /** Requests that were not answered yet. */
  readonly turnCount: number;
  readonly unsentChunks: number;
  /** There are chunks to be sent, or not sent to the end. */
  readonly hasChunks: boolean;
  /** When the oldest write that waits began to. */
  readonly writingSince: number;
  /** Something it waited for may be there. Must not throw. */
  room(): void;
}

interface PeerUploads {
  readonly sessions: Set<UploadSession>;
  /** Those that may go on only when others of the peer have. */
  readonly blocked: Set<UploadSession>;
  /** When it got its slot; null: it has none. */
  slotSince: number | null;
  slotOctets: number;
  sentAt: number;
}

interface UploadConfig {
  readonly inFlight: number;
  readonly uploadSlots: number;
}

/**
 * What each peer may take of a shard, however many sessions it has: as many chunks and requests under way as one session,
 * and, where slots are few, its turn. Who waits is delayed, never refused.
 */
export class UploadPeers {
  readonly #config: UploadConfig;
  readonly #now: () => number;
  readonly #peers = new Map<string, PeerUploads>();
  /** Peers that wait for a slot, in their order. */
  readonly #queue = new Set<PeerUploads>();
  #slots = 0;

  constructor(config: UploadConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  /** Not every peer is sent chunks at once. */
  get slotted(): boolean {
    return this.#slots > 0;
  }

  join(session: UploadSession): void {
    const { nodeKey } = session.peer;
    const fresh = { sessions: new Set<UploadSession>(), blocked: new Set<UploadSession>() };
    const peer = this.#peers.get(nodeKey) ?? { ...fresh, slotSince: null, slotOctets: 0, sentAt: 0 };
    this.#peers.set(nodeKey, peer);
    peer.sessions.add(session);
  }

  leave(session: UploadSession): void {
    const peer = this.#peers.get(session.peer.nodeKey);
    if (!peer?.sessions.delete(session)) return;
    peer.blocked.delete(session);
    if (peer.sessions.size === 0) {
      this.#peers.delete(session.peer.nodeKey);
      this.#queue.delete(peer);
    }
    if (peer.slotSince !== null && !busy(peer)) this.#release(peer);
    this.#wakeOne(peer);
  }

  /** One chunk more may be read for that session; if not, it hears when one may. `most`: chunks that may be unsent. */
  mayRead(session: UploadSession, most: number): boolean {
    const peer = this.#peers.get(session.peer.nodeKey)!;
    if (this.#config.uploadSlots > 0 && !this.#hasSlot(peer)) return false;
    if (session.unsentChunks >= most) return false;
    if (peer.sessions.size === 1 || this.#unsent(peer) < most) return true;
    peer.blocked.add(session);
    return false;
  }

  /** Octets of a chunk are with the system. */
  sent(session: UploadSession, octets: number): void {
    const peer = this.#peers.get(session.peer.nodeKey);
    if (peer === undefined) return;
    peer.slotOctets += octets;
    peer.sentAt = this.#now();
    if (peer.blocked.size > 0) this.#wakeOne(peer);
  }

  /** The session has nothing to send at the moment. */
  rests(session: UploadSession): void {
    const peer = this.#peers.get(session.peer.nodeKey);
    if (peer === undefined) return;
    if (peer.slotSince !== null && !busy(peer)) this.#release(peer);
  }

  /** The peer has as many requests under way as it may: the session reads no more for now. */
  full(session: UploadSession): boolean {
    const { inFlight } = this.#config;
    if (session.turnCount >= inFlight) return true;
    const peer = this.#peers.get(session.peer.nodeKey);
    if (peer === undefined || peer.sessions.size === 1 || session.turnCount === 0) return false;
    let turns = 0;
    for (const each of peer.sessions) turns += each.turnCount;
    if (turns < inFlight) return false;
    peer.blocked.add(session);
    return true;
  }

  /** About once a second: slots of those that take nothing go to others, and nobody waits for a dead connection. */
  look(): void {
    for (const peer of this.#peers.values()) {
      if (peer.slotSince !== null && this.#queue.size > 0 && this.#isOver(peer)) this.#release(peer);
      if (peer.blocked.size > 0) this.#wakeOne(peer);
    }
    // Without slots, or with more of them than before.
    this.#grant();
  }

  #unsent(peer: PeerUploads): number {
    const now = this.#now();
    let sum = 0;
    for (const { unsentChunks, writingSince } of peer.sessions) {
      if (unsentChunks > 0 && now - writingSince < STALLED_MS) sum += unsentChunks;
    }
    return sum;
  }

  #hasSlot(peer: PeerUploads): boolean {
    if (peer.slotSince !== null) {
      if (this.#queue.size === 0 || !this.#isOver(peer)) return true;
      this.#queue.add(peer);
      this.#release(peer);
      return peer.slotSince !== null;
    }
    this.#queue.add(peer);
    this.#grant();
    return peer.slotSince !== null;
  }

  #isOver({ slotSince, slotOctets, sentAt }: PeerUploads): boolean {
    const now = this.#now();
    const idle = now - Math.max(slotSince!, sentAt) >= SLOT_IDLE_MS;
    return slotOctets >= SLOT_OCTETS || now - slotSince! >= SLOT_MS || idle;
  }

  #release(peer: PeerUploads): void {
    peer.slotSince = null;
    this.#slots--;
    this.#grant();
  }

  #grant(): void {
    const { uploadSlots } = this.#config;
    const most = uploadSlots > 0 ? uploadSlots : Number.POSITIVE_INFINITY;
    for (const peer of this.#queue) {
      if (this.#slots >= most) return;
      this.#queue.delete(peer);
      this.#slots++;
      peer.slotSince = this.#now();
      peer.sentAt = peer.slotSince;
      peer.slotOctets = 0;
      for (const session of [...peer.sessions]) session.room();
    }
  }

  /** The session that has waited longest among those of its peer. */
  #wakeOne(peer: PeerUploads): void {
    const [first] = peer.blocked;
    if (first === undefined) return;
    peer.blocked.delete(first);
    first.room();
  }
}

function busy(peer: PeerUploads): boolean {
  for (const session of peer.sessions) if (session.hasChunks) return true;
  return false;
}
