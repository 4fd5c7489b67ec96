import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { OutboundSession } from './outbound-session.ts';
import { askPeer, type PeerReply } from './peer-request.ts';

/** Over QUIC the end of a session may be that of the bridge, and nothing that the peer did: it may come again soon. */
const REDIALS = { tcp: 1, quic: 4 } as const;

/**
 * One request and its reply. Where the session ends before the reply came, though its peer was neither silent nor wrong,
 * the peer is dialled and asked anew: a path that broke costs a redial, not the request.
 */
export async function askAgain(
  open: () => Promise<OutboundSession>,
  type: number,
  payload: Uint8Array,
  signal: AbortSignal,
): Promise<PeerReply> {
  for (let redials = 0; ; redials++) {
    const session = await open();
    try {
      return await askPeer(session, type, payload, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof ActorError) || error !== session.end) throw error;
      const { transport } = session.connection;
      if (redials >= REDIALS[transport]) throw error;
      // Before its first reply it is the peer that has no place for us.
      const refused = error.code === 'E_PEER_REFUSED' && transport === 'quic';
      if (error.code !== 'E_PEER_UNREACHABLE' && !refused) throw error;
    }
  }
}
