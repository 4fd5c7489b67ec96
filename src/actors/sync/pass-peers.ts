import { fromHex } from '../../protocol/crypto/bytes.ts';
import { connectedPeers } from '../connected-peers.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { SyncContext } from './context.ts';
import { manifestSources } from './dht-lookup.ts';
import { Peer } from './peer.ts';

/** The peers of one pass, so that one that fails costs its time once and not once a share. */
export class PassPeers {
  readonly #context: SyncContext;
  readonly #peers = new Map<string, Peer>();
  readonly #holders = new Map<string, Promise<readonly string[]>>();
  #connected: Promise<readonly string[]> | null = null;

  constructor(context: SyncContext) {
    this.#context = context;
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
      peer = new Peer(this.#context, target);
      this.#peers.set(name, peer);
    }
    return peer;
  }
}
