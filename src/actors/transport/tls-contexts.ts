import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/**
 * The one TLS context of a shard, for both roles: TLS 1.3 alone, the certificate of the node key. No tickets: a
 * resumed connection would show the certificate of an older handshake instead of the peer's.
 */
export function secureContextOf(identity: { tlsKey: string; certificate: string }): SecureContext {
  return createSecureContext({
    key: identity.tlsKey,
    cert: identity.certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}
