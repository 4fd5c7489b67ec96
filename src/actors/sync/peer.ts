import { failure } from '../../errors.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { checkDhtValue, type DhtContent } from '../../protocol/objects/dht-value.ts';
import { FIND_VALUE, GET_MANIFEST, LIST_PUBLIC_SHARES } from '../../protocol/wire/message-types.ts';
import type { PublicShareSummary } from '../../protocol/wire/public-share.ts';
import type { ReplyOf, RequestOf, RequestType } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { askPeer, shardOf } from '../ask-peer.ts';
import type { PeerTarget, SessionInfo } from '../transport/contract.ts';
import { type SyncContext, unixNow } from './context.ts';

/** Dial and handshake, or one request: what a pass spends on a peer that does not answer. */
const PEER_DEADLINE_MS = 10_000;

/** Codes after which a peer is not asked again in the same pass: every other share would wait for it once more. */
const GIVES_UP = new Set([
  'E_PEER_IDENTITY',
  'E_PEER_UNBOUND',
  'E_PEER_DIALECT',
  'E_PEER_REFUSED',
  'E_PEER_SILENT',
  'E_PEER_UNREACHABLE',
  'E_TIMEOUT',
]);

export type ValueAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly content: DhtContent }
  /** What came is nothing the network takes under this key. */
  | { readonly kind: 'refused'; readonly reason: string };

/** One peer for the length of one pass. Everything it may throw is an ActorError: what a peer does is a value. */
export class Peer {
  readonly target: PeerTarget;
  readonly #context: SyncContext;
  #session: Promise<SessionInfo> | null = null;
  #gone: ActorError | null = null;

  readonly #asked: () => void;

  /** `asked` is called for every request. */
  constructor(context: SyncContext, target: PeerTarget, asked: () => void) {
    this.#context = context;
    this.target = target;
    this.#asked = asked;
  }

  /** Dialled once a pass. */
  session(signal: AbortSignal): Promise<SessionInfo> {
    this.#session ??= this.#guarded(
      shardOf(this.#context.refs.transport, this.target).ask('connect', this.target, {
        deadlineMs: PEER_DEADLINE_MS,
        signal: this.#context.signal,
      }),
    );
    return abortable(this.#session, signal);
  }

  /** Rotations and revocations are unknown to version 1: no such peer can hold one. */
  async knowsIdentityRecords(signal: AbortSignal): Promise<boolean> {
    return !(await this.session(signal)).dialect.startsWith('1');
  }

  /** A value of the DHT as this one peer holds it. */
  async findValue(key: Uint8Array, signal: AbortSignal): Promise<ValueAnswer> {
    const { value } = await this.#ask(FIND_VALUE, { key }, signal);
    if (value === null) return { kind: 'none' };
    if (!bytesEqual(value.key, key)) return { kind: 'refused', reason: 'wrong-key' };
    // Heads and manifests are the same in both dialects, and the other kinds asked for are those of the second.
    const check = checkDhtValue(key, value.value, DIALECT_2, unixNow(this.#context));
    if (!check.ok) return { kind: 'refused', reason: check.reason };
    return { kind: 'value', content: check.content };
  }

  /** The octets the peer sends as that manifest; nothing about them is checked yet. */
  async getManifest(manifestId: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const reply = await this.#ask(GET_MANIFEST, { manifestId }, signal);
    if (!bytesEqual(reply.manifestId, manifestId)) throw this.#broke('it answered with another manifest id');
    return reply.bytes;
  }

  /** The public shares that the peer publishes itself, the last changed first. Unsigned: no more than hints. */
  async publicShares(maxEntries: number, signal: AbortSignal): Promise<readonly PublicShareSummary[]> {
    return (await this.#ask(LIST_PUBLIC_SHARES, { maxEntries }, signal)).shares;
  }

  async #ask<T extends RequestType>(
    type: T,
    request: RequestOf<T>,
    signal: AbortSignal,
  ): Promise<ReplyOf<T>> {
    await this.session(signal);
    if (this.#gone !== null) throw this.#gone;
    this.#asked();
    this.#context.metrics.add('requests', 1);
    const options = { deadlineMs: PEER_DEADLINE_MS, signal };
    return await this.#guarded(askPeer(this.#context.refs.transport, this.target, type, request, options));
  }

  async #guarded<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      // The reference counts requests a minute: the words are all it says (SCP2P wire, section 7).
      const limited = error.code === 'E_PEER_ERROR' && error.message.includes('rate limit');
      if (limited || GIVES_UP.has(error.code)) this.#gone = error;
      throw error;
    }
  }

  #broke(what: string): ActorError {
    return failure('E_PEER_PROTOCOL', what, { subject: this.target.address });
  }
}

/** The shared promise, or the reason of the signal of this one waiter. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortFailure(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function abortFailure(signal: AbortSignal): ActorError {
  const reason: unknown = signal.reason;
  return reason instanceof ActorError
    ? reason
    : failure('E_ABORTED', 'the look-up was ended', { cause: reason });
}
