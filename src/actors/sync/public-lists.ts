import { toHex } from '../../protocol/crypto/bytes.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { eachBounded } from '../each-bounded.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { Subscription } from '../share-types.ts';
import type { SyncContext } from './context.ts';
import type { PassPeers } from './pass-peers.ts';

/** A peer that publishes fewer of the shares followed than that is asked about them one by one. */
const LEAST_SHARES = 2;
/** Entries of one list: those that changed last come first. */
const MAX_ENTRIES = 64;
const AT_ONCE = 4;
/** A peer that has no lists, or whose lists said three times what was not so, is asked for none for so long. */
const REST_MS = 6 * 3_600_000;
const MAX_WRONG = 3;
const MAX_REMEMBERED = 4_096;

/** A peer says, unsigned, that it has a newer revision of a share. */
export interface NewsHint {
  readonly shareId: string;
  readonly seq: number;
  /** As the subscription has the peer. */
  readonly peer: string;
  /** `tcp://ip:port` */
  readonly address: string;
}

interface Lister {
  listedAt: number;
  restsUntil: number;
  wrong: number;
}

/** Finds out by the lists of public shares which of many shares are worth asking about. Nothing else is believed of them. */
export class PublicLists {
  readonly #context: SyncContext;
  readonly #listers = new Map<string, Lister>();

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** Hints by share id, from at most so many peers, those whose list was asked for longest ago first. */
  async news(
    subscriptions: readonly Subscription[],
    peers: PassPeers,
    requests: number,
    intervalMs: number,
  ): Promise<ReadonlyMap<string, NewsHint>> {
    const { signal } = this.#context;
    const seqs = new Map(subscriptions.map(({ shareId, seq }) => [shareId, seq ?? -1]));
    const hints = new Map<string, NewsHint>();
    await eachBounded(this.#due(subscriptions, requests, intervalMs), AT_ONCE, async (text) => {
      const [target] = candidatesOf([text]);
      if (target === undefined) return;
      try {
        for (const { shareId: id, latestSeq } of await peers.of(target).publicShares(MAX_ENTRIES, signal)) {
          const shareId = toHex(id);
          const held = seqs.get(shareId);
          if (held === undefined || latestSeq <= BigInt(held) || hints.has(shareId)) continue;
          hints.set(shareId, { shareId, seq: Number(latestSeq), peer: text, address: target.address });
        }
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        // One that answers so has none; one that is away may be back.
        if (error.code === 'E_PEER_ERROR' || error.code === 'E_PEER_PROTOCOL') this.#rest(text);
      }
    });
    return hints;
  }

  /** What came of a hint: the revision that is held after asking. */
  checked({ peer, seq }: NewsHint, held: number | null): void {
    const lister = this.#listers.get(peer);
    if (lister === undefined) return;
    lister.wrong = held !== null && held >= seq ? 0 : lister.wrong + 1;
    if (lister.wrong >= MAX_WRONG) this.#rest(peer);
  }

  #due(subscriptions: readonly Subscription[], requests: number, intervalMs: number): readonly string[] {
    const now = this.#context.clock.now();
    const shares = new Map<string, number>();
    for (const { peers, source } of subscriptions) {
      for (const text of new Set([...peers, ...(source === null ? [] : [source])])) {
        shares.set(text, (shares.get(text) ?? 0) + 1);
      }
    }
    return [...shares]
      .filter(([, count]) => count >= LEAST_SHARES)
      .map(([text, count]) => ({ text, count, lister: this.#lister(text) }))
      .filter(({ lister }) => lister.restsUntil <= now && now - lister.listedAt >= intervalMs)
      .sort((a, b) => order(a.lister.listedAt, b.lister.listedAt) || b.count - a.count)
      .slice(0, Math.max(0, requests))
      .map(({ text, lister }) => {
        lister.listedAt = now;
        return text;
      });
  }

  #rest(text: string): void {
    const lister = this.#lister(text);
    lister.restsUntil = this.#context.clock.now() + REST_MS;
    lister.wrong = 0;
  }

  #lister(text: string): Lister {
    const known = this.#listers.get(text);
    if (known !== undefined) return known;
    if (this.#listers.size >= MAX_REMEMBERED) this.#listers.delete(this.#listers.keys().next().value!);
    const fresh = { listedAt: Number.NEGATIVE_INFINITY, restsUntil: Number.NEGATIVE_INFINITY, wrong: 0 };
    this.#listers.set(text, fresh);
    return fresh;
  }
}

const order = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
