import type { Handlers } from '../contract/actor.ts';
import type { Clock } from '../contract/clock.ts';
import { type Contract, configOf, defineContract, type Messages } from '../contract/contract.ts';
import type { FramePort } from '../link/frame.ts';
import { portLink } from '../link/port-link.ts';
import { LinkServer } from '../runtime/link-server.ts';
import { Turns } from '../runtime/turns.ts';

/** What the main thread itself answers: a contract others may name in `uses`, and its handlers. */
export interface MainServiceSpec {
  readonly contract: Contract;
  readonly handlers: Handlers<Messages>;
}

/** Ties handlers to their contract, so that the compiler checks the one against the other. */
export function mainService<M extends Messages>(
  contract: Contract<string, M>,
  handlers: Handlers<M>,
): MainServiceSpec {
  return { contract: contract as unknown as Contract, handlers: handlers as unknown as Handlers<Messages> };
}

/** Nobody may use it: no contract has an empty name. */
export const NO_SERVICE: MainServiceSpec = {
  contract: defineContract({
    name: '',
    config: configOf<Record<never, never>>(),
    messages: {},
  }) as unknown as Contract,
  handlers: {},
};

/** The main thread's own conversation, served to every actor that uses it. */
export class MainService {
  readonly contract: Contract;
  /** Among how many its mailbox is divided. */
  users = 1;
  readonly #handlers: Handlers<Messages>;
  readonly #clock: Clock;
  readonly #servers = new Map<string, LinkServer>();
  readonly #turns = new Turns();

  constructor({ contract, handlers }: MainServiceSpec, clock: Clock) {
    this.contract = contract;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  /** Answers on this port; returns the budget of the link. */
  serve(from: string, port: FramePort): number {
    this.#servers.get(from)?.close();
    const budget = Math.max(1, Math.floor(this.contract.mailbox / Math.max(1, this.users)));
    const raise = (error: unknown) => {
      throw error;
    };
    const server = new LinkServer(this.contract, this.#handlers, portLink(port), budget, {
      clock: this.#clock,
      crash: raise,
      violated: raise,
      depth: () => {},
      turns: this.#turns,
    });
    port.unref();
    this.#servers.set(from, server);
    return budget;
  }
}
