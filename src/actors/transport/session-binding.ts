import { TLSSocket } from 'node:tls';
import type { HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import type { Connection } from './connection.ts';
import { isBoundTo } from './peer-certificate.ts';

/**
 * What ties a session to the key that signed its hello. `tls`: both certificates carry the keys of the hellos. `sealed`: they
 * do not, or none is seen, and the two Granary nodes have sealed the stream under these keys. `none`: whoever passed the
 * hellos on may read and change what follows; so it is with the network's own nodes.
 */
export type Bound = 'tls' | 'sealed' | 'none';

export function boundByTls({ socket }: Connection, result: HandshakeResult): boolean {
  return socket instanceof TLSSocket && isBoundTo(socket, result.peerKey);
}

/** Why a session may not be had, in words; null: it may. */
export function bindingFault(
  bound: Bound,
  { transport }: Pick<Connection, 'transport'>,
  requireBound: boolean,
): string | null {
  if (bound !== 'none' || !requireBound) return null;
  if (transport === 'quic')
    return 'sessions of this peer over QUIC are not bound to its node key, and unbound peers are refused';
  return 'its certificate does not carry its node key, and unbound peers are refused';
}
