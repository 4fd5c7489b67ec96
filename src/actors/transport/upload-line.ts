import { type CapPath, claim, claimWaitMs } from '../cap-counter.ts';
import type { Peer } from './session.ts';
import type { ShardCaps } from './shard-caps.ts';

/** Octets a peer may send before the next one's turn comes, where the cap is no reason for less: a chunk and its frame. */
const QUANTUM = 264 * 1024;
/** What a cap may have saved up lasts for longer: nothing of it is lost. */
const LONGEST_REST_MS = 100;
/** A wait that is not known is looked at again after so long. */
const LONGEST_WAIT_MS = 1_000;

/** A node of the reference gives a chunk 3 s: at less it would be sent for nothing. */
const LEAST_FOR_PLAIN = 100 * 1024;
/** A Granary node leaves a peer that sends less than half of that. */
const LEAST_FOR_NATIVE = 8 * 1024;
/** Below that cap no chunk is read ahead of those that are being sent. */
const SLOW = 32 * 1024 * 1024;

/** Somebody with a chunk to send. */
export interface Sender {
  readonly nodeKey: string;
  /** Shares that its chunk belongs to. */
  readonly shareIds: readonly string[];
  /** Octets of it that are not sent yet. */
  readonly left: number;
  /** Sends so many of them. Must not throw; may join the line again when nothing is left. */
  send(octets: number): void;
}

interface Waiting {
  readonly sender: Sender;
  path: CapPath;
}

/** All that one peer has in the line, over all its sessions: together they have one turn. */
interface PeerLine {
  readonly waiting: Waiting[];
  deficit: number;
}

interface LineClock {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

/**
 * Who sends next while a cap is in force: peers in turn, each as many octets as the others (deficit round robin), as the
 * caps allow. Whoever stands under a narrower cap that is used up is passed over; when nobody may send, a timer waits.
 */
export class UploadLine {
  readonly #caps: ShardCaps;
  readonly #clock: LineClock;
  readonly #peers = new Map<string, PeerLine>();
  #running = false;
  /** Octets claimed in this run. */
  #taken = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #disarm: (() => void) | null = null;
  readonly #unlisten: () => void;
  readonly #refused: (peer: Peer) => void;

  /** `refused` hears of each chunk that is not sent because of a cap. */
  constructor(caps: ShardCaps, clock: LineClock, refused: (peer: Peer) => void = () => {}) {
    this.#caps = caps;
    this.#clock = clock;
    this.#refused = refused;
    this.#unlisten = caps.onChange(() => this.#changed());
  }

  /** There is a cap, or octets are counted: chunks go through this line. */
  get on(): boolean {
    return this.#caps.on;
  }

  get slow(): boolean {
    return this.#caps.on && this.#caps.rate('up') < SLOW;
  }

  /** The caps leave too little for one more chunk to that peer: it would not wait for its end. */
  refuses(peer: Peer, shareIds: readonly string[]): boolean {
    if (!this.#caps.on) return false;
    if (this.leaves(peer.nodeKey, shareIds) >= (peer.native ? LEAST_FOR_NATIVE : LEAST_FOR_PLAIN))
      return false;
    this.#refused(peer);
    return true;
  }

  /** Until all of it is sent, or it is removed. */
  add(sender: Sender): void {
    const waiting = { sender, path: this.#pathOf(sender) };
    const line = this.#peers.get(sender.nodeKey) ?? { waiting: [], deficit: 0 };
    this.#peers.set(sender.nodeKey, line);
    line.waiting.push(waiting);
    this.#caps.serves(waiting.path, 1);
    this.#run();
  }

  remove(sender: Sender): void {
    const line = this.#peers.get(sender.nodeKey);
    const at = line?.waiting.findIndex((waiting) => waiting.sender === sender) ?? -1;
    if (at >= 0) this.#leave(line!, at);
  }

  /** Bytes a second that the caps leave for one more chunk of that peer; Infinity without any. */
  leaves(nodeKey: string, shareIds: readonly string[]): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { share } of this.#caps.path('up', nodeKey, shareIds)) least = Math.min(least, share);
    return least;
  }

  close(): void {
    this.#unlisten();
    this.#disarm?.();
    this.#disarm = null;
  }

  #pathOf({ nodeKey, shareIds }: Sender): CapPath {
    return this.#caps.path('up', nodeKey, shareIds);
  }

  #leave(line: PeerLine, at: number): void {
    const [waiting] = line.waiting.splice(at, 1);
    this.#caps.serves(waiting!.path, -1);
    if (line.waiting.length === 0) this.#peers.delete(waiting!.sender.nodeKey);
  }

  #changed(): void {
    this.#notBefore = Number.NEGATIVE_INFINITY;
    for (const { waiting } of this.#peers.values()) {
      for (const each of waiting) {
        each.path = this.#pathOf(each.sender);
        this.#caps.serves(each.path, 1);
      }
    }
    this.#run();
  }

  /** Sends what may be sent now. */
  #run(): void {
    // A sender whose chunk is out may be back with the next one before its `send` returns.
    if (this.#running) return;
    this.#running = true;
    this.#disarm?.();
    this.#disarm = null;
    const now = this.#clock.now();
    let wait = this.#notBefore - now;
    let shortest = Number.POSITIVE_INFINITY;
    let passed = 0;
    this.#taken = 0;
    while (wait <= 0 && this.#peers.size > passed) {
      const [nodeKey, line] = this.#peers.entries().next().value!;
      const waitMs = this.#turn(line, now);
      if (waitMs === 0) passed = 0;
      else passed++;
      shortest = waitMs === 0 ? Number.POSITIVE_INFINITY : Math.min(shortest, waitMs);
      // Whoever was stopped within its turn keeps it; all others go to the end of the ring, if they are still in it.
      if ((waitMs > 0 || line.deficit <= 0) && this.#peers.get(nodeKey) === line) {
        this.#peers.delete(nodeKey);
        this.#peers.set(nodeKey, line);
      }
    }
    this.#running = false;
    if (wait <= 0) {
      this.#notBefore = now + this.#restMs();
      wait = Math.max(shortest, this.#notBefore - now);
    }
    if (this.#peers.size === 0) return;
    this.#disarm = this.#clock.after(Math.min(Math.ceil(wait), LONGEST_WAIT_MS), () => this.#run());
  }

  /**
   * How long other shards come first after this one has taken something: as long as it had been its turn if all took
   * turns. Without it whoever wakes first would take all there is each time.
   */
  #restMs(): number {
    const widest = this.#caps.widest('up');
    if (widest === null || this.#taken === 0 || widest.shut) return 0;
    let own = 0;
    for (const { waiting } of this.#peers.values()) own += waiting.length;
    const all = widest.served;
    if (own === 0 || all <= own) return 0;
    return Math.min(LONGEST_REST_MS, ((this.#taken / widest.cap.rate) * 1000 * all) / own);
  }

  /** One peer's turn. 0: it sent something; else how long none of its chunks may go on. */
  #turn(line: PeerLine, now: number): number {
    if (line.deficit <= 0) line.deficit += Math.min(QUANTUM, line.waiting[0]?.path[0]?.most ?? QUANTUM);
    let wait = Number.POSITIVE_INFINITY;
    let sent = false;
    for (let at = 0; at < line.waiting.length && line.deficit > 0; ) {
      const { sender, path } = line.waiting[at]!;
      const wanted = Math.min(sender.left, line.deficit);
      const octets = claim(path, wanted, now);
      if (octets === 0) {
        wait = Math.min(wait, claimWaitMs(path, wanted, now));
        at++;
        continue;
      }
      sent = true;
      line.deficit -= octets;
      this.#taken += octets;
      const last = octets === sender.left;
      // Out of the line first: it may come back with its next chunk at once.
      if (last) this.#leave(line, at);
      sender.send(octets);
    }
    return sent ? 0 : wait;
  }
}
