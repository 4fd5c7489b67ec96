import { toHex } from '../protocol/crypto/bytes.ts';
import { FIND_NODE, FIND_VALUE } from '../protocol/wire/message-types.ts';
import type { PeerAddr } from '../protocol/wire/peer-addr.ts';
import { decodeReply } from '../protocol/wire/registry.ts';
import type { NetworkMessage, SimulatedNetwork } from './network.ts';

/** What one lookup cost, as the network saw it. */
export interface LookupCost {
  /** Requests that it sent, of any type. */
  readonly messages: number;
  /**
   * Answers in a row, each naming the node asked next, until the value came: 1 when the asker knew who has it. Without a
   * value, the longest row there was.
   */
  readonly rounds: number;
}

interface Watched {
  /** By node key: after how many answers in a row it was heard of. */
  readonly heardAfter: Map<string, number>;
  messages: number;
  deepest: number;
  found: number | null;
}

/** Follows the lookups of some nodes, one at a time each, by their messages alone. */
export class LookupProbe {
  readonly #watched = new Map<number, Watched>();

  constructor(network: SimulatedNetwork) {
    network.observer = (message) => this.#see(message);
  }

  begin(node: number): void {
    this.#watched.set(node, { heardAfter: new Map(), messages: 0, deepest: 0, found: null });
  }

  end(node: number): LookupCost {
    const watched = this.#watched.get(node);
    if (watched === undefined) throw new RangeError(`nothing was begun for node ${node}`);
    this.#watched.delete(node);
    return { messages: watched.messages, rounds: watched.found ?? watched.deepest };
  }

  #see({ kind, from, to, type, payload }: NetworkMessage): void {
    const watched = this.#watched.get(from.index);
    if (watched === undefined) return;
    const round = (watched.heardAfter.get(to.nodeKey) ?? 0) + 1;
    if (kind === 'request') {
      watched.messages++;
      return;
    }
    if (payload === null) return;
    watched.deepest = Math.max(watched.deepest, round);
    for (const { pubkeyHint } of this.#named(watched, round, type, payload)) {
      const key = pubkeyHint && toHex(pubkeyHint);
      if (key !== null && !watched.heardAfter.has(key)) watched.heardAfter.set(key, round);
    }
  }

  #named(watched: Watched, round: number, type: number, payload: Uint8Array): readonly PeerAddr[] {
    if (type === FIND_NODE) return decodeReply(FIND_NODE, payload).peers;
    if (type !== FIND_VALUE) return [];
    const { value, closerPeers } = decodeReply(FIND_VALUE, payload);
    if (value !== null) watched.found = Math.min(round, watched.found ?? round);
    return closerPeers;
  }
}
