import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { ShardContext } from './context.ts';
import { dialectName, type Peer } from './session.ts';

/** Tells them of a finished handshake. One that has no room for it now misses it: the peer is met again. */
export function tellMet(
  { refs }: Pick<ShardContext, 'refs'>,
  peer: Peer,
  { address, direction }: { address: string; direction: 'in' | 'out' },
): void {
  const { nodeKey, nodeId, native, dialect, capabilities } = peer;
  const met = {
    ...{ nodeKey, nodeId, address, dialable: direction === 'out', direction },
    ...{ native, dialect: dialectName(dialect), capabilities },
  };
  // Both keep account of whom this node can reach.
  refs.dht.tell('met', met);
  refs.pex.tell('met', met);
}

/** Tells them of a dial that came to nothing because of whom it was for. */
export function tellLost(
  { refs }: Pick<ShardContext, 'refs'>,
  { address, nodeKey }: { address: string; nodeKey: string | null },
  error: unknown,
): void {
  // What we ended, or had no room for, says nothing of the peer.
  if (!(error instanceof ActorError) || !error.code.startsWith('E_PEER_')) return;
  const lost = { nodeKey, address, reason: error.code };
  refs.dht.tell('lost', lost);
  refs.pex.tell('lost', lost);
}
