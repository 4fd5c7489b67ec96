import type { TLSSocket } from 'node:tls';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import { publicKeyBytes } from '../../protocol/crypto/ed25519.ts';

/**
 * Whether the TLS channel itself proves the node key: TLS 1.3, and the peer's certificate carries the very Ed25519 key
 * that signed its hello. Our own certificate always does; the peer checks it as we check its.
 */
export function isBoundTo(socket: TLSSocket, nodeKey: Uint8Array): boolean {
  if (socket.getProtocol() !== 'TLSv1.3') return false;
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key?.asymmetricKeyType === 'ed25519' && bytesEqual(publicKeyBytes(key), nodeKey);
}
