import { failure } from '../../errors.ts';
import { decodeEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { errorTextOf, isError, TEMPORARILY_UNAVAILABLE } from '../../protocol/wire/errors.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../protocol/wire/limits.ts';
import { messageSpec } from '../../protocol/wire/registry.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { OutboundSession, Reply } from './outbound-session.ts';
import { isPeersFault } from './peer-fault.ts';

export interface PeerReply {
  readonly type: number;
  /** Memory of its own. */
  readonly payload: Uint8Array;
}

/**
 * One request and its reply. An aborted one keeps its place until the peer has answered, because the peer works in
 * order and will.
 */
export function askPeer(
  session: OutboundSession,
  type: number,
  payload: Uint8Array,
  signal: AbortSignal,
): Promise<PeerReply> {
  return new Promise((resolve, reject) => {
    let leave = () => {};
    const onAbort = () => {
      leave();
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = () => signal.removeEventListener('abort', onAbort);
    const ask = () =>
      session.ask(type, payload, {
        reply(reply) {
          settled();
          try {
            const answer = judge(session, type, reply);
            if (answer instanceof Error) reject(answer);
            else resolve(answer);
          } catch (error) {
            // The session ends for it, in its own boundary; whoever asked has to hear of it too.
            reject(brokenBy(session, error));
            throw error;
          }
        },
        lost(error) {
          settled();
          reject(error);
        },
      });
    if (session.places.take()) ask();
    else leave = session.places.wait(ask);
  });
}

/** The text of a peer's error reply as an error of ours. Its subject is the peer, unless it is about a file. */
export function peerError(session: OutboundSession, envelope: Envelope, file?: string): ActorError {
  const text = errorTextOf(envelope);
  return failure('E_PEER_ERROR', `the peer answered: ${text}`, {
    subject: file ?? session.address,
    retryable: isRateLimit(text) || text === TEMPORARILY_UNAVAILABLE,
  });
}

/** What a caller hears when its reply could not be handled. */
export function brokenBy(session: OutboundSession, error: unknown): ActorError {
  if (isPeersFault(error)) {
    return failure('E_PEER_PROTOCOL', error.message, { subject: session.address });
  }
  // A bug that a peer's bytes found costs this call and its session, not the shard.
  return failure('E_INTERNAL', 'a reply could not be handled', { subject: session.address, cause: error });
}

/** The words every implementation of the network puts into such a refusal. */
export const isRateLimit = (text: string): boolean => text.includes('rate limit');

function judge(session: OutboundSession, type: number, reply: Reply): PeerReply | ActorError {
  const envelope = reply.envelope ?? decodeEnvelope(reply.frame.subarray(LENGTH_PREFIX), MAX_FRAME);
  if (isError(envelope)) return peerError(session, envelope);
  const spec = messageSpec(type);
  if (spec?.kind === 'request' && spec.replyType !== envelope.type) {
    return failure('E_PEER_PROTOCOL', `a reply of type ${envelope.type} to a request of type ${type}`, {
      subject: session.address,
    });
  }
  return { type: envelope.type, payload: new Uint8Array(envelope.payload) };
}
