import { failure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH } from '../../protocol/objects/chunks.ts';
import { GET_CHUNK_HASHES } from '../../protocol/wire/message-types.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { askPeer, shardOf } from '../ask-peer.ts';
import type { FetchEvent, FetchFile, PeerTarget } from '../transport/contract.ts';
import type { TransferContext } from './context.ts';
import type { DownloadFile } from './download-file.ts';

/** Dial and handshake, in every dialect. */
const CONNECT_MS = 15_000;
/** A provider that keeps no lists hashes the whole file before it answers. */
const LIST_MS = 60_000;
/** How long asking rests when the provider counts requests and has had enough: its window is a minute. */
const RATE_PAUSE_MS = 5_000;
const RATE_PATIENCE_MS = 90_000;

/** One peer that is to have what is wanted. Everything it may reject with is an ActorError. */
export class Provider {
  readonly target: PeerTarget;
  readonly #context: TransferContext;
  #nodeKey: string | null;
  /** When it first said that it had enough, since the last list. */
  #refusedAt: number | null = null;
  #resting: Promise<void> | null = null;

  constructor(context: TransferContext, target: PeerTarget) {
    this.#context = context;
    this.target = target;
    this.#nodeKey = target.nodeKey ?? null;
  }

  /** Null until it has answered, if its address does not name it. */
  get nodeKey(): string | null {
    return this.#nodeKey;
  }

  async connect(signal: AbortSignal): Promise<void> {
    const shard = shardOf(this.#context.refs.transport, this.target);
    const session = await shard.ask('connect', this.target, { deadlineMs: CONNECT_MS, signal });
    this.#nodeKey = session.nodeKey;
  }

  /**
   * The chunk hashes of a file, checked against what its publisher signed: `E_CHUNK_CORRUPT` when they are others.
   * Waits while the provider counts requests.
   */
  async hashesOf(file: DownloadFile, signal: AbortSignal): Promise<Uint8Array> {
    const contentId = fromHex(file.contentId, 32);
    if (contentId === null) throw failure('E_STORE', 'a content id that is none', { subject: file.name });
    for (;;) {
      await this.#rested(signal);
      try {
        const reply = await askPeer(
          this.#context.refs.transport,
          this.target,
          GET_CHUNK_HASHES,
          { contentId },
          { deadlineMs: LIST_MS, signal },
        );
        this.#refusedAt = null;
        return this.#checked(file, reply);
      } catch (error) {
        if (!this.#isPause(error)) throw error;
        this.#resting ??= this.#rest();
      }
    }
  }

  /** The wanted chunks of the files; what the transport tells of it. */
  fetch(
    files: readonly FetchFile[],
    shareIds: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchEvent, void, undefined> {
    const shard = shardOf(this.#context.refs.transport, this.target);
    return shard.stream('fetch', { peer: this.target, files, shareIds }, { signal });
  }

  #checked(file: DownloadFile, reply: { contentId: Uint8Array; hashes: Uint8Array }): Uint8Array {
    const { hashes } = reply;
    if (toHex(reply.contentId) !== file.contentId) {
      throw failure('E_PEER_PROTOCOL', 'it answered with the hashes of another file', {
        subject: this.target.address,
      });
    }
    const right =
      hashes.length === file.chunks * CHUNK_HASH_LENGTH && toHex(blake3(hashes)) === file.chunkListHash;
    if (right) return hashes;
    throw failure('E_CHUNK_CORRUPT', `${this.target.address} sent other chunk hashes than the signed ones`, {
      subject: file.name,
    });
  }

  #isPause(error: unknown): boolean {
    if (!(error instanceof ActorError) || error.code !== 'E_PEER_ERROR' || !error.retryable) return false;
    const now = this.#context.clock.now();
    this.#refusedAt ??= now;
    return now - this.#refusedAt <= RATE_PATIENCE_MS;
  }

  /** Whoever asks waits for the same rest, each as long as it wants to. */
  async #rested(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#resting === null) return;
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#resting, left]);
    signal.removeEventListener('abort', onAbort);
    signal.throwIfAborted();
  }

  async #rest(): Promise<void> {
    await sleep(this.#context.clock, RATE_PAUSE_MS, this.#context.signal).catch(() => {});
    this.#resting = null;
  }
}
