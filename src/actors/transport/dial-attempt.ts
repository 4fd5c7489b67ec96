import { type ErrorCode, failure } from '../../errors.ts';
import type { SigningKey } from '../../protocol/crypto/ed25519.ts';
import { DIALECT_2, type Dialect } from '../../protocol/dialect.ts';
import type { HandshakeFailure, HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import { createInitiator } from '../../protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../../protocol/handshake/own-secrets.ts';
import type { DialOutcome } from '../../protocol/handshake/retry.ts';
import type { Capabilities } from '../../protocol/wire/capabilities.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { driveHandshake, type HandshakeEnd } from './handshake-driver.ts';
import { PeerFault } from './peer-fault.ts';

export interface DialTarget {
  /** `tcp://ip:port` */
  readonly address: string;
  readonly ip: string;
  readonly port: number;
  /** The key that must answer; null: any. */
  readonly nodeKey: Uint8Array | null;
}

export interface DialOptions {
  readonly host: ConnectionHost;
  readonly key: SigningKey;
  readonly dialMs: number;
}

/** How an attempt ended, for the retry rules and for whoever asked. */
export type AttemptEnd =
  | { readonly kind: 'connected'; readonly connection: Connection; readonly result: HandshakeResult }
  | { readonly kind: 'ended'; readonly outcome: DialOutcome; readonly error: ActorError };

/** What this node tells of itself: it seeds, finds its way in the DHT and keeps values of it; it relays nothing, indexes nothing. */
export const OWN_CAPABILITIES: Capabilities = {
  dht: true,
  store: true,
  relay: false,
  contentSeed: true,
  mobileLight: false,
  communityPagedBrowse: false,
  communitySearch: false,
  communityDeltaSync: false,
};

/** Dials once, in one dialect. `established` takes the connection over before anything more is read from it. */
export async function dialOnce(
  options: DialOptions,
  target: DialTarget,
  dialect: Dialect,
  established: (connection: Connection, result: HandshakeResult) => void,
): Promise<AttemptEnd> {
  const { host, key, dialMs } = options;
  const connection = Connection.dial(host, target.ip, target.port, `${target.ip}:${target.port}`);
  let reached = false;
  connection.socket.once('connect', () => {
    reached = true;
  });
  const initiator = createInitiator({
    key,
    dialect,
    capabilities: OWN_CAPABILITIES,
    expectedKey: target.nodeKey,
    secrets: freshHandshakeSecrets(),
  });
  const end = await driveHandshake(connection, initiator, host.clock, dialMs, (result) =>
    established(connection, result),
  );
  if (end.kind === 'done') return { kind: 'connected', connection, result: end.result };
  return { kind: 'ended', ...judge(end, target.address, reached) };
}

type Judgement = { outcome: DialOutcome; error: ActorError };

function judge(end: Exclude<HandshakeEnd, { kind: 'done' }>, address: string, reached: boolean): Judgement {
  const error = (code: ErrorCode, message: string, retryable = true, cause?: unknown) =>
    failure(code, message, { subject: address, retryable, cause });
  switch (end.kind) {
    case 'silent':
      return reached
        ? { outcome: { kind: 'no-answer' }, error: error('E_PEER_SILENT', 'the peer does not answer') }
        : { outcome: { kind: 'unreachable' }, error: error('E_PEER_UNREACHABLE', 'no connection in time') };
    case 'closed':
      if (end.error instanceof PeerFault) {
        return { outcome: { kind: 'refused' }, error: error('E_PEER_PROTOCOL', end.error.message, false) };
      }
      if (!reached) {
        const why = end.error?.message ?? 'no connection';
        return {
          outcome: { kind: 'unreachable' },
          error: error('E_PEER_UNREACHABLE', why, true, end.error ?? undefined),
        };
      }
      if (isTlsFault(end.error)) {
        const why = `no TLS 1.3 there: ${end.error!.message}`;
        return { outcome: { kind: 'refused' }, error: error('E_PEER_PROTOCOL', why, false) };
      }
      return {
        outcome: { kind: 'closed-before-hello' },
        error: error('E_PEER_REFUSED', 'the peer closed the connection during the handshake'),
      };
    case 'failed': {
      const { reason, peerForm } = end.step;
      const [code, message] = FAILURES[reason] ?? ['E_PEER_PROTOCOL', `bad handshake: ${reason}`];
      const outcome: DialOutcome =
        reason === 'other-form' ? { kind: 'other-form', form: peerForm ?? DIALECT_2 } : { kind: 'refused' };
      return { outcome, error: error(code, message, false) };
    }
  }
}

const FAILURES: Partial<Record<HandshakeFailure, readonly [ErrorCode, string]>> = {
  'wrong-key': ['E_PEER_IDENTITY', 'another key answers at this address'],
  'own-key': ['E_PEER_IDENTITY', 'the key that answers is the own one: this node itself, or a copy of it'],
  version: ['E_PEER_DIALECT', 'the peer speaks a version this node does not know'],
  'other-form': ['E_PEER_DIALECT', 'the peer speaks another dialect'],
  skew: ['E_PEER_REFUSED', 'the clocks of the two nodes are more than five minutes apart'],
};

function isTlsFault(error: Error | null): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return code.startsWith('ERR_SSL_') || code === 'EPROTO';
}
