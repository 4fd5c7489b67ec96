import { connectedPeers } from '../connected-peers.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { SyncContext } from './context.ts';
import { Peer } from './peer.ts';

/** The peers of one pass, so that one that fails costs its time once and not once a share. */
export class PassPeers {
  readonly #context: SyncContext;
  readonly #peers = new Map<string, Peer>();
  #connected: Promise<readonly string[]> | null = null;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** Addresses of the peers this node is connected to anyway, looked up once a pass. */
  connected(): Promise<readonly string[]> {
    this.#connected ??= connectedPeers(this.#context.refs.transport, this.#context.signal);
    return this.#connected;
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
