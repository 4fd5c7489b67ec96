import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { OutboundSession } from './outbound-session.ts';
import { askPeer, type PeerReply } from './peer-request.ts';

/**
 * One request and its reply. A session that ends before the reply came, though its peer was neither silent nor wrong, is
 * dialled anew, once: a path that broke costs a redial, not the request.
 */
export async function askAgain(
  open: () => Promise<OutboundSession>,
  type: number,
  payload: Uint8Array,
  signal: AbortSignal,
): Promise<PeerReply> {
  const session = await open();
  try {
    return await askPeer(session, type, payload, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof ActorError) || error !== session.end) throw error;
    // Before the first reply it is the peer that has no place, but for QUIC, where the bridge may have ended.
    const refused = error.code === 'E_PEER_REFUSED' && session.connection.transport === 'quic';
    if (error.code !== 'E_PEER_UNREACHABLE' && !refused) throw error;
    return await askPeer(await open(), type, payload, signal);
  }
}
