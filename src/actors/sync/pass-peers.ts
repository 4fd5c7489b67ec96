import type { PeerTarget } from '../transport/contract.ts';
import type { SyncContext } from './context.ts';
import { Peer } from './peer.ts';

/** The peers of one pass, so that one that fails costs its time once and not once a share. */
export class PassPeers {
  readonly #context: SyncContext;
  readonly #peers = new Map<string, Peer>();

  constructor(context: SyncContext) {
    this.#context = context;
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
