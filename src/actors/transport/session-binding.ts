import { TLSSocket } from 'node:tls';
import type { HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import type { Connection } from './connection.ts';
import { isBoundTo } from './peer-certificate.ts';

/**
 * What ties a session to the key that signed its hello. `tls`: both certificates carry the keys of the hellos. `none`:
 * whoever passed the hellos on may read and change what follows; so it is with the network's own nodes, and over QUIC,
 * where no certificate is seen.
 */
export type Bound = 'tls' | 'none';

export function boundBy({ socket }: Connection, result: HandshakeResult): Bound {
  return socket instanceof TLSSocket && isBoundTo(socket, result.peerKey) ? 'tls' : 'none';
}

/** Why a session may not be had, in words; null: it may. */
export function bindingFault(
  bound: Bound,
  { transport }: Pick<Connection, 'transport'>,
  { native }: Pick<HandshakeResult, 'native'>,
  requireBound: boolean,
): string | null {
  if (bound !== 'none') return null;
  // Two Granary nodes always show each other certificates of their keys over TLS: if not, somebody sits between.
  if (native && transport === 'tcp') return 'a Granary node, but TLS ends at somebody else';
  if (!requireBound) return null;
  if (transport === 'quic')
    return 'sessions over QUIC are not bound to the node key, and unbound peers are refused';
  return 'its certificate does not carry its node key, and unbound peers are refused';
}
