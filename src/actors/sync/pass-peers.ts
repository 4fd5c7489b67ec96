import { fromHex } from '../../protocol/crypto/bytes.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { connectedPeers } from '../connected-peers.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { SyncContext } from './context.ts';
import { manifestSources } from './dht-lookup.ts';
import { Peer } from './peer.ts';

/** Beside the peers of a share's own. */
const MAX_KNOWN = 12;

/** The peers of one pass, so that one that fails costs its time once and not once a share. */
export class PassPeers {
  readonly #context: SyncContext;
  readonly #peers = new Map<string, Peer>();
  /** Counts requests against what the pass may send. */
  readonly spend: (requests: number) => void;
  readonly #holders = new Map<string, Promise<readonly string[]>>();
  #connected: Promise<readonly string[]> | null = null;
  #known: Promise<readonly string[]> | null = null;

  constructor(context: SyncContext, spend: (requests: number) => void = () => {}) {
    this.#context = context;
    this.spend = spend;
  }

  /** Addresses of the bootstrap list, and of the best of the peers that answered lately, looked up once a pass. */
  known(): Promise<readonly string[]> {
    this.#known ??= this.#lookUpKnown();
    return this.#known;
  }

  /** Addresses of the peers this node is connected to anyway, looked up once a pass. */
  connected(): Promise<readonly string[]> {
    this.#connected ??= connectedPeers(this.#context.refs.transport, this.#context.signal);
    return this.#connected;
  }

  /** Addresses of those who, as the DHT has it, hold a manifest and its share; looked up once a pass. */
  holders(manifestId: string): Promise<readonly string[]> {
    let holders = this.#holders.get(manifestId);
    if (holders === undefined) {
      holders = manifestSources(this.#context, fromHex(manifestId, 32)!, this.#context.signal);
      this.#holders.set(manifestId, holders);
    }
    return holders;
  }

  of(target: PeerTarget): Peer {
    const name = `${target.address}@${target.nodeKey ?? ''}`;
    let peer = this.#peers.get(name);
    if (peer === undefined) {
      peer = new Peer(this.#context, target, () => this.spend(1));
      this.#peers.set(name, peer);
    }
    return peer;
  }

  async #lookUpKnown(): Promise<readonly string[]> {
    const { refs, signal } = this.#context;
    try {
      return await refs.pex.ask('sources', { limit: MAX_KNOWN }, { signal });
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      return [];
    }
  }
}
