import { type CongestionPolicy, congestionTo } from '../../bridge-link/congestion.ts';
import { type ErrorCode, failure } from '../../errors.ts';
import { remoteOf } from '../../protocol/addresses/remote.ts';
import type { SigningKey } from '../../protocol/crypto/ed25519.ts';
import { DIALECT_2, type Dialect } from '../../protocol/dialect.ts';
import type { HandshakeFailure, HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import { createInitiator } from '../../protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../../protocol/handshake/own-secrets.ts';
import type { DialOutcome } from '../../protocol/handshake/retry.ts';
import type { Capabilities } from '../../protocol/wire/capabilities.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Connection, ConnectionHost, Transport } from './connection.ts';
import { dialStream, dialTls } from './dial-connection.ts';
import { driveHandshake, type HandshakeEnd } from './handshake-driver.ts';
import { PeerFault } from './peer-fault.ts';
import type { Bound } from './session-binding.ts';

export interface DialTarget {
  readonly transport: Transport;
  /** `tcp://ip:port`, `quic://ip:port` */
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
  readonly congestion: CongestionPolicy;
  /** Where the QUIC bridge takes dial requests. Rejects with an ActorError when there is none. */
  bridge(): Promise<string>;
}

/** Of a dial that others run against. */
export interface DialCall {
  /** Aborted when another one won. */
  readonly signal: AbortSignal;
  /** Something answers at the address. */
  reached(): void;
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
  call: DialCall,
  established: (connection: Connection, result: HandshakeResult, bound: Bound) => void,
): Promise<AttemptEnd> {
  const { host, key, dialMs } = options;
  let connection: Connection;
  try {
    connection = await open(options, target);
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    return { kind: 'ended', outcome: { kind: 'unreachable' }, error };
  }
  connection.onReached = call.reached;
  const onAbort = () => connection.destroy();
  call.signal.addEventListener('abort', onAbort, { once: true });
  if (call.signal.aborted) onAbort();
  const initiator = createInitiator({
    key,
    dialect,
    capabilities: OWN_CAPABILITIES,
    expectedKey: target.nodeKey,
    secrets: freshHandshakeSecrets(),
  });
  const handshake = { key, clock: host.clock, deadlineMs: dialMs };
  const end = await driveHandshake(connection, initiator, handshake, (result, bound) =>
    established(connection, result, bound),
  );
  call.signal.removeEventListener('abort', onAbort);
  if (end.kind === 'done') return { kind: 'connected', connection, result: end.result };
  return { kind: 'ended', ...judge(end, target.address, connection.reached) };
}

async function open(options: DialOptions, { transport, ip, port }: DialTarget): Promise<Connection> {
  const { host, dialMs, congestion } = options;
  const remote = remoteOf(ip, port);
  if (transport === 'tcp') return dialTls(host, ip, port, remote);
  const path = await options.bridge();
  const request = { host: ip, port, ms: dialMs, congestion: congestionTo(congestion, ip) };
  return dialStream(host, path, request, remote);
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
      if (end.sealing) {
        const why =
          'the connection ended while the two nodes were making sure of each other: somebody sits between';
        return { outcome: { kind: 'refused' }, error: error('E_PEER_UNBOUND', why) };
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
  sealing: ['E_PEER_UNBOUND', 'somebody between the two nodes changes what they say'],
  'own-key': ['E_PEER_IDENTITY', 'the key that answers is the own one: this node itself, or a copy of it'],
  version: ['E_PEER_DIALECT', 'the peer speaks a version this node does not know'],
  'other-form': ['E_PEER_DIALECT', 'the peer speaks another dialect'],
  skew: ['E_PEER_REFUSED', 'the clocks of the two nodes are more than five minutes apart'],
};

function isTlsFault(error: Error | null): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return code.startsWith('ERR_SSL_') || code === 'EPROTO';
}
