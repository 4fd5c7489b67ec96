import { join } from 'node:path';
import { NodeClient } from '../../src/cli/client.ts';
import type { BodyOf, Operation } from '../../src/control-link/operations.ts';
import type { Events, Results } from '../../src/control-link/results.ts';
import { type FailedStart, NodeLife, type Ready } from './node-life.ts';
import { must, Violation } from './violation.ts';

export interface Tally {
  starts: number;
  failedStarts: number;
  /** Seconds to ready of every start after a kill. */
  readonly ready: number[];
}

type EventOf<O extends Operation> = (event: O extends keyof Events ? Events[O] : never) => void;

/** A node that is killed and started again, on one data folder. */
export class Subject {
  readonly name: 'seeder' | 'downloader' | 'reader';
  /** Of its data folder; a restore moves it to another one. */
  home: string;
  readonly log: string;
  readonly args: readonly string[];
  /** Added to the environment of the lives to come. */
  env: Record<string, string> = {};
  life: NodeLife | null = null;
  facts: Ready | null = null;
  /** Where it listens in this life, `tcp://IP:PORT`. */
  bound = '';
  readonly #tally: Tally;
  readonly #deaths: string[] = [];
  #client: NodeClient | null = null;

  constructor(name: Subject['name'], root: string, args: readonly string[], tally: Tally) {
    this.name = name;
    this.home = join(root, name);
    this.log = join(root, `${name}.log`);
    this.args = args;
    this.#tally = tally;
  }

  /** Spawns the process and does not wait for it. */
  begin(): NodeLife {
    this.life = new NodeLife({ home: this.home, log: this.log, args: this.args, env: this.env });
    return this.life;
  }

  /** A start that must succeed, with the node that was there before. Seconds to ready. */
  async start(): Promise<number> {
    const life = this.begin();
    this.#tally.starts++;
    try {
      const ready = await life.ready;
      if (this.facts !== null && this.facts.node_key !== ready.node_key) {
        throw new Violation(`the ${this.name} has another key after a start`);
      }
      this.facts = ready;
      this.#client = await NodeClient.connect(this.home);
      this.bound = (await this.#client.call('id', {})).bound[0]!;
    } catch (error) {
      if (error instanceof Violation) throw error;
      this.#tally.failedStarts++;
      throw new Violation(`the ${this.name} does not start: ${(error as FailedStart).message}`);
    }
    this.#tally.ready.push(life.seconds);
    return life.seconds;
  }

  /** No part of it died by itself in any life. */
  checkDeaths(): void {
    const deaths = [...this.#deaths.splice(0), ...(this.life?.deaths.splice(0) ?? [])];
    must(deaths.length === 0, `parts of the ${this.name} died by themselves: ${deaths.join(', ')}`);
  }

  async kill(): Promise<void> {
    await this.life?.kill();
    this.#deaths.push(...(this.life?.deaths ?? []));
    this.life = null;
    this.#client?.close();
    this.#client = null;
  }

  call<O extends Operation>(op: O, body: BodyOf<O>, onEvent?: EventOf<O>): Promise<Results[O]> {
    if (this.#client === null) throw new Error(`the ${this.name} is not up`);
    return this.#client.call(op, body, onEvent && { onEvent });
  }
}

/** The end of a call that a kill may have cut off. */
export const outcome = <T>(call: Promise<T>): Promise<{ result: T | null; error: Error | null }> =>
  call.then(
    (result) => ({ result, error: null }),
    (error: Error) => ({ result: null, error }),
  );
