import type { ItemOf, KeysOf, Messages, ReplyOf, RequestOf } from './contract.ts';

export interface CallOptions {
  /** Aborting cancels the call on the other side too. */
  signal?: AbortSignal | undefined;
  /** Overrides the contract's deadline. For streams: none unless given. */
  deadlineMs?: number | undefined;
}

/** Everything another actor may do to this one. Every call settles: by reply, abort, deadline or death. */
export interface Ref<M extends Messages> {
  /**
   * One request, one reply. Rejects with `E_BUSY` (too many in flight on this link), `E_TIMEOUT`,
   * `E_ABORTED`, `E_ACTOR_DOWN`, or what the handler answered. Never retried by the kernel.
   */
  ask<K extends KeysOf<M, 'ask'>>(
    name: K,
    request: RequestOf<M[K]>,
    options?: CallOptions,
  ): Promise<ReplyOf<M[K]>>;
  /** False: not accepted, because there is no credit or the actor is down. Await `ready()` or shed. */
  tell<K extends KeysOf<M, 'tell'>>(name: K, message: RequestOf<M[K]>): boolean;
  /** Resolves once a tell has credit; rejects with `E_ACTOR_DOWN`. */
  ready(): Promise<void>;
  /** Items in order. Leaving the loop early, or the signal, runs the producer's `finally`. */
  stream<K extends KeysOf<M, 'stream'>>(
    name: K,
    request: RequestOf<M[K]>,
    options?: CallOptions,
  ): AsyncGenerator<ItemOf<M[K]>, void, undefined>;
  /** Calls back once per death of the actor behind this ref, with the epoch that died. Returns a remover. */
  onDown(listener: (epoch: number) => void): () => void;
}

/**
 * A ref to all members of a sharded actor. Plain calls go to the member `route` picks. The group may grow and shrink: a
 * ref to a member that is not in it any more works until that member has ended.
 */
export interface GroupRef<M extends Messages> {
  readonly size: number;
  /** From 0 to `size` - 1. */
  member(index: number): Ref<M>;
  /** The member that owns a key: the same key always meets the same member while the size is unchanged. */
  route(key: string): Ref<M>;
}
