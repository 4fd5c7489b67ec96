import { peerAddrsOf } from '../../protocol/addresses/address.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { PEX_OFFER, PEX_REQUEST } from '../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { askOver } from '../ask-peer.ts';
import type { Shard } from '../every-shard.ts';
import { OWN_KNOWN_MS, type OwnAddresses } from '../own-addresses.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { SessionInfo } from '../transport/contract.ts';
import type { PexContext } from './context.ts';
import { meansAnything } from './means-anything.ts';
import type { PeerBook } from './peer-book.ts';

/** An outbound session, and the shard that has it. */
export interface HeldSession extends Pick<SessionInfo, 'address' | 'nodeKey' | 'since'> {
  readonly shard: Shard;
}

/** A new acquaintance is asked again after so long, then twice as long each time. */
const SOON_MS = 10_000;
/** A peer we keep up a connection to is asked again before its and our idle time is over, two minutes each. */
const KEPT_MS = 75_000;
const KEPT_JITTER_MS = 25_000;
/** Any other one. */
const OTHERS_MS = 30 * 60_000;
const ASKED_FOR = 32;
const ASK_MS = 10_000;
/** An honest answer of 64 peers has half of it; what is longer costs more to read than it is worth. */
const LONGEST_ANSWER = 16 * 1024;
/** Questions in all: one in two seconds, ten at once. */
const PER_SECOND = 0.5;
const BURST = 10;
const MAX_REMEMBERED = 4_096;

/** When a peer was asked last, in milliseconds of the clock, how often, and a number of chance from 0 up to 1. */
interface Asked {
  readonly at: number;
  readonly times: number;
  readonly chance: number;
}

/** Asks connected peers whom they know, seldom, and tells them where this node is. */
export class Exchange {
  readonly #context: PexContext;
  readonly #book: PeerBook;
  readonly #own: OwnAddresses;
  readonly #ownKey: string;
  readonly #random: () => number;
  readonly #budget = new TokenBuckets(PER_SECOND, BURST);
  /** By node key. */
  readonly #last = new Map<string, Asked>();

  constructor(
    context: PexContext,
    parts: { book: PeerBook; own: OwnAddresses; ownKey: string; random: () => number },
  ) {
    this.#context = context;
    this.#book = parts.book;
    this.#own = parts.own;
    this.#ownKey = parts.ownKey;
    this.#random = parts.random;
  }

  /** Asks those whose time has come, `kept` of them more often than the others. */
  async round(sessions: readonly HeldSession[], kept: number): Promise<void> {
    const now = this.#context.clock.now();
    for (const [index, session] of sessions.entries()) {
      const last = this.#last.get(session.nodeKey);
      if (last !== undefined && now - last.at < pauseMs(last, index < kept)) continue;
      if (!this.#budget.has('', now)) return;
      this.#budget.take('', now);
      this.#note(session.nodeKey, (last?.times ?? 0) + 1);
      await this.#ask(session);
    }
  }

  async #ask(session: HeldSession): Promise<void> {
    const { log, metrics, signal } = this.#context;
    const { shard, address, nodeKey } = session;
    const options = { deadlineMs: ASK_MS, signal, longest: LONGEST_ANSWER };
    metrics.add('asked', 1);
    try {
      const question = { maxPeers: ASKED_FOR };
      const answer = await askOver(shard, { address }, PEX_REQUEST, question, options);
      this.#book.offered(nodeKey, answer.peers);
      const peers = await this.#ownFor(address);
      if (peers.length > 0) await askOver(shard, { address }, PEX_OFFER, { peers }, options);
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      log.debug({ peer: address, code: error.code, reason: error.message }, 'no exchange of peers');
    }
  }

  /** Where this node is, as far as that means anything to a peer over there. */
  async #ownFor(address: string): Promise<readonly PeerAddr[]> {
    const own = (await this.#own.look(OWN_KNOWN_MS)).filter((each) => meansAnything(each, address));
    return peerAddrsOf(own, fromHex(this.#ownKey, 32));
  }

  #note(nodeKey: string, times: number): void {
    this.#last.delete(nodeKey);
    if (this.#last.size >= MAX_REMEMBERED) this.#last.delete(this.#last.keys().next().value!);
    this.#last.set(nodeKey, { at: this.#context.clock.now(), times, chance: this.#random() });
  }
}

function pauseMs({ times, chance }: Asked, isKept: boolean): number {
  if (!isKept) return OTHERS_MS * (1 + chance);
  return Math.min(SOON_MS * 2 ** (times - 1), KEPT_MS) + chance * KEPT_JITTER_MS;
}
