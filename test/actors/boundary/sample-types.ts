import type { contracts } from '../../../src/actors/contracts.ts';
import type { AskSpec, Messages, StreamSpec, TellSpec } from '../../../src/supervisor/contract/contract.ts';

/** Why a message never crosses a socket. */
interface PortOnly {
  readonly portOnly?: string;
}

type Sample<S> =
  S extends AskSpec<infer Request, infer Reply>
    ? PortOnly & { readonly request: Request; readonly reply: Reply }
    : S extends TellSpec<infer Message>
      ? PortOnly & { readonly message: Message }
      : S extends StreamSpec<infer Request, infer Item>
        ? PortOnly & { readonly request: Request; readonly items: readonly Item[] }
        : never;

export type SamplesOf<M extends Messages> = { readonly [K in keyof M]: Sample<M[K]> };

/** One sample for every message of every contract: a message without one does not compile. */
export type Samples = {
  readonly [A in keyof typeof contracts]: SamplesOf<(typeof contracts)[A]['messages']>;
};

/** A sample as the runner of the table sees it. */
export type AnySample = PortOnly & {
  readonly request?: unknown;
  readonly reply?: unknown;
  readonly message?: unknown;
  readonly items?: readonly unknown[];
};
