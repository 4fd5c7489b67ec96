import type { ResourceLimits, TransferListItem } from 'node:worker_threads';

/**
 * A contract is data: the whole conversation of one actor in one place. Types of requests, replies and
 * items are carried as phantom fields; at run time only `kind` and options exist. Handles other actors hold
 * (`Ref`) and the handlers a behaviour must return (`Handlers`) are inferred from it.
 */
export interface AskSpec<Req, Res> {
  readonly kind: 'ask';
  /** The caller's deadline in milliseconds unless the call names another. */
  readonly deadlineMs: number;
  /** Members of the request that move instead of being copied (sockets, ports, buffers). */
  readonly transfer: ((request: Req) => readonly TransferListItem[]) | undefined;
  readonly _request?: Req;
  readonly _reply?: Res;
}

/**
 * What becomes of a tell for which there is no credit. `refuse`: `tell` returns false, the caller sheds or waits for
 * `ready()`. `latest`: the newest of its kind waits for credit in the place of an older one, for messages that
 * report a state.
 */
export type Overflow = 'refuse' | 'latest';

export interface TellSpec<Req> {
  readonly kind: 'tell';
  readonly overflow: Overflow;
  readonly transfer: ((request: Req) => readonly TransferListItem[]) | undefined;
  readonly _request?: Req;
}

export interface StreamSpec<Req, Item> {
  readonly kind: 'stream';
  /** Items that may be under way unread; credit returns in half-window batches. */
  readonly window: number;
  readonly _request?: Req;
  readonly _item?: Item;
}

// biome-ignore lint/suspicious/noExplicitAny: a message map holds specs of every type; inference reads the exact ones back.
export type AnySpec = AskSpec<any, any> | TellSpec<any> | StreamSpec<any, any>;
export type Messages = Readonly<Record<string, AnySpec>>;

/** Request and one reply, at most once. */
export function ask<Req, Res>(
  options: { deadlineMs?: number; transfer?: (request: Req) => readonly TransferListItem[] } = {},
): AskSpec<Req, Res> {
  return { kind: 'ask', deadlineMs: options.deadlineMs ?? 10_000, transfer: options.transfer };
}

/** One-way message, at most once, under credit. */
export function tell<Req>(
  options: { overflow?: Overflow; transfer?: (request: Req) => readonly TransferListItem[] } = {},
): TellSpec<Req> {
  return { kind: 'tell', overflow: options.overflow ?? 'refuse', transfer: options.transfer };
}

/** Items in order, pulled by the consumer. */
export function stream<Req, Item>(options: { window?: number } = {}): StreamSpec<Req, Item> {
  return { kind: 'stream', window: options.window ?? 16 };
}

/**
 * Which ends of a life are followed by another one. `permanent`: all. `transient`: all but an orderly one (the
 * behaviour is `done`, or exit code 0). `temporary`: none.
 */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** A type without a value. */
export interface ConfigType<Config> {
  readonly _config?: Config;
}

export interface Contract<
  Name extends string = string,
  M extends Messages = Messages,
  Uses extends string = string,
  Config = unknown,
  Metric extends string = string,
> {
  readonly name: Name;
  readonly messages: M;
  /** Names of the actors it talks to; each becomes a ref in its context. Cycles are legal. */
  readonly uses: readonly Uses[];
  readonly config: ConfigType<Config>;
  /** Tells that may wait or run at once, and as many asks and streams, divided over the links when they are made. */
  readonly mailbox: number;
  /** Turns do not interleave at awaits when true; streams are opened in a turn and produce beside them. The store alone needs it. */
  readonly serial: boolean;
  /** Time a stop may take before the worker is cut. */
  readonly shutdownMs: number;
  /** Time a start may take before it counts as failed. */
  readonly startMs: number;
  /** Time the loop may be busy without a turn for anybody else before the actor counts as hung and is replaced. */
  readonly hungMs: number;
  readonly restart: Restart;
  /** Of a sharded actor: time a member that is not wanted any more may take for what it has begun, before it is stopped. */
  readonly retireMs: number;
  /** V8's limits for the worker. They do not count Buffers: the supervisor watches the whole process too. */
  readonly resourceLimits: ResourceLimits | undefined;
  /** Counters of the actor's metrics page: it writes, everybody reads without waking it. */
  readonly metrics: readonly Metric[];
}

export function defineContract<
  const Name extends string,
  M extends Messages,
  Config,
  const Uses extends string = never,
  const Metric extends string = never,
>(definition: {
  name: Name;
  messages: M;
  config: ConfigType<Config>;
  uses?: readonly Uses[];
  mailbox?: number;
  serial?: boolean;
  shutdownMs?: number;
  startMs?: number;
  hungMs?: number;
  restart?: Restart;
  retireMs?: number;
  resourceLimits?: ResourceLimits | undefined;
  metrics?: readonly Metric[];
}): Contract<Name, M, Uses, Config, Metric> {
  return {
    name: definition.name,
    messages: definition.messages,
    uses: definition.uses ?? [],
    config: definition.config,
    mailbox: definition.mailbox ?? 1024,
    serial: definition.serial ?? false,
    shutdownMs: definition.shutdownMs ?? 5_000,
    startMs: definition.startMs ?? 15_000,
    hungMs: definition.hungMs ?? 30_000,
    restart: definition.restart ?? 'permanent',
    retireMs: definition.retireMs ?? 10_000,
    resourceLimits: definition.resourceLimits,
    metrics: definition.metrics ?? [],
  };
}

/** Names the type of an actor's configuration, which crosses to it by structured clone. Checking it is the business of who has it from outside. */
export const configOf = <Config>(): ConfigType<Config> => ({});

/** Message names in one order on both sides of a link: a message travels as its place in this list. */
export const messageOrder = (contract: Pick<Contract, 'messages'>): string[] =>
  Object.keys(contract.messages).sort();

export type KeysOf<M extends Messages, K extends AnySpec['kind']> = {
  [P in keyof M]: M[P]['kind'] extends K ? P : never;
}[keyof M] &
  string;
export type RequestOf<S> =
  S extends AskSpec<infer R, infer _>
    ? R
    : S extends TellSpec<infer R>
      ? R
      : S extends StreamSpec<infer R, infer _>
        ? R
        : never;
export type ReplyOf<S> = S extends AskSpec<infer _, infer R> ? R : never;
export type ItemOf<S> = S extends StreamSpec<infer _, infer I> ? I : never;
export type MessagesOf<C> = C extends { readonly messages: infer M extends Messages } ? M : never;
export type ConfigOf<C> = C extends Contract<string, Messages, string, infer Config, string> ? Config : never;
