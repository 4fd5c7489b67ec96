import type { Clock } from './clock.ts';
import type {
  AskSpec,
  Contract,
  ItemOf,
  Messages,
  MessagesOf,
  ReplyOf,
  RequestOf,
  StreamSpec,
  TellSpec,
} from './contract.ts';
import type { GroupRef, Ref } from './ref.ts';
import type { Slab } from './slab.ts';

/** What a handler learns about the call it serves. */
export interface Call {
  /** Aborted when the caller cancels, its deadline passes, its link goes, or the actor stops. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the caller's deadline; Infinity for streams without one. */
  remainingMs(): number;
  /**
   * Holds the answer back, not the turn: it leaves when `until` has resolved, and is that failure when it rejects. Once a
   * call; not there where nobody takes turns, and to await is as good.
   */
  hold?(until: Promise<unknown>): void;
}

/** One function for each message of a contract. An `ActorError` it throws is an answer, anything else is the end of this life. */
export type Handlers<M extends Messages> = {
  [K in keyof M]: M[K] extends AskSpec<infer _A, infer _B>
    ? (request: RequestOf<M[K]>, call: Call) => ReplyOf<M[K]> | Promise<ReplyOf<M[K]>>
    : M[K] extends TellSpec<infer _A>
      ? (message: RequestOf<M[K]>) => void | Promise<void>
      : M[K] extends StreamSpec<infer _A, infer _B>
        ? (request: RequestOf<M[K]>, call: Call) => AsyncIterable<ItemOf<M[K]>>
        : never;
};

/** Where an actor writes what its operator may read: fields first, then words. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Adds to a counter of the actor's metrics page, or sets a gauge. One writer: the actor itself. */
export interface MetricsPage<Metric extends string> {
  add(name: Metric, amount: number): void;
  set(name: Metric, value: number): void;
  get(name: Metric): number;
}

/** Contracts by actor name: what `uses` names are looked up in to type the refs. */
export type ContractMap = Readonly<Record<string, Contract>>;

type RefFor<C> = Ref<MessagesOf<C>>;

/** The refs of an actor, typed by the names it `uses`. */
export type RefsOf<All, Uses extends string, Groups extends string> = {
  readonly [K in Uses]: K extends keyof All
    ? K extends Groups
      ? GroupRef<MessagesOf<All[K]>>
      : RefFor<All[K]>
    : never;
};

/** What a life is given when it starts, and all that it may touch. */
export interface ActorContext<Config, Refs, Metric extends string> {
  readonly name: string;
  /** Place in a sharded group, else 0. */
  readonly member: number;
  /** Counts the lives of this actor since the node started, from 1. */
  readonly epoch: number;
  readonly config: Config;
  readonly clock: Clock;
  readonly refs: Refs;
  readonly log: Log;
  readonly metrics: MetricsPage<Metric>;
  /** Shared memory; without a slot where the tree has no `slab`. */
  readonly slab: Slab;
  /** Aborted when the actor is asked to stop. */
  readonly signal: AbortSignal;
  /** Runs work nobody waits for; a bug in it crashes the actor, an abort by `signal` ends it quietly. */
  spawn(work: () => Promise<void>): void;
}

/** What the node's memory is like: `high` asks for load to be shed, `normal` says that it is over. */
export type Pressure = 'normal' | 'high';

/** What an actor does: `start` returns it, and the host calls it. */
export interface Behaviour<M extends Messages> {
  readonly handlers: Handlers<M>;
  /**
   * For an actor whose work has an end: when it resolves, this life ends in order, as by a stop; what follows is the
   * contract's `restart`. A rejection is a crash.
   */
  readonly done?: Promise<void>;
  /** Stop taking in new outside work; what runs may finish. */
  quiesce?(): void | Promise<void>;
  /**
   * Of a member of a group that becomes smaller: nobody begins a call to it any more. Resolves when what was begun is
   * over, which the kernel waits for as long as the contract's `retireMs`; calls are waited for by the kernel itself,
   * streams are not. Then the member is stopped.
   */
  retire?(): void | Promise<void>;
  /** Memory of the process is short (drop caches, take in less), or no longer. Called on a change only. */
  pressure?(level: Pressure): void | Promise<void>;
  /** Flush and release. Runs once, after quiesce, with every call's signal aborted. */
  stop?(): void | Promise<void>;
}

/** What an actor module's default export is. */
export interface ActorModule<C extends Contract = Contract> {
  readonly contract: C;
  // biome-ignore lint/suspicious/noExplicitAny: the host hands over a context built from the contract itself.
  start(context: any): Behaviour<MessagesOf<C>> | Promise<Behaviour<MessagesOf<C>>>;
}

/**
 * Ties a behaviour to its contract. `All` types the refs named in `uses`; `Groups` says which of those names
 * are sharded.
 */
export function actorsOf<All, Groups extends string = never>() {
  return <Name extends string, M extends Messages, Uses extends string, Config, Metric extends string>(
    contract: Contract<Name, M, Uses, Config, Metric>,
    start: (
      context: ActorContext<Config, RefsOf<All, Uses, Groups>, Metric>,
    ) => Behaviour<M> | Promise<Behaviour<M>>,
  ): ActorModule<Contract<Name, M, Uses, Config, Metric>> => ({ contract, start });
}
