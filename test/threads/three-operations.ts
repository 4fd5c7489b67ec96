import type { NodeClient } from '../../src/cli/client.ts';
import type { Results } from '../../src/control-link/results.ts';
import { ERRORS, isErrorCode } from '../../src/errors.ts';
import { ActorError } from '../../src/supervisor/contract/actor-error.ts';

export type Outcome<T> =
  | { readonly result: T; readonly error: null }
  | { readonly result: null; readonly error: ActorError };

export interface Wanted {
  /** Id of the share that is fetched and searched. */
  readonly shareId: string;
  /** Where the fetched files go. */
  readonly target: string;
  /** The folder that is published, under its own name. */
  readonly folder: string;
}

/** A transfer, a publish and one search after the other, until `end`. */
export class ThreeOperations {
  readonly get: Promise<Outcome<Results['get']>>;
  readonly publish: Promise<Outcome<Results['publish']>>;
  readonly searches: Outcome<Results['search']>[] = [];
  #ended = false;
  readonly #searching: Promise<void>;

  private constructor(
    get: ThreeOperations['get'],
    publish: ThreeOperations['publish'],
    search: () => Promise<Outcome<Results['search']>>,
  ) {
    this.get = get;
    this.publish = publish;
    this.#searching = this.#search(search);
  }

  /** Resolves in the midst of them: bytes have come, and the publish is at that phase. */
  static async start(
    client: NodeClient,
    { shareId, target, folder }: Wanted,
    at: 'walk' | 'hash' | 'commit' = 'hash',
  ): Promise<ThreeOperations> {
    const fetching = Promise.withResolvers<void>();
    const get = outcome(
      client.call(
        'get',
        { target: shareId, directory: target },
        {
          onEvent: ({ phase, bytes }) => {
            if (phase === 'fetch' && bytes > 0) fetching.resolve();
          },
        },
      ),
    );
    await Promise.race([fetching.promise, get]);
    const reached = Promise.withResolvers<void>();
    const publish = outcome(
      client.call(
        'publish',
        { paths: [folder], share: 'own' },
        {
          onEvent: ({ phase }) => {
            if (phase === at) reached.resolve();
          },
        },
      ),
    );
    const work = new ThreeOperations(get, publish, () =>
      outcome(client.call('search', { query: 'blue train' })),
    );
    await Promise.race([reached.promise, publish]);
    return work;
  }

  /** Waits for the get and the publish, and ends the searching. */
  async end(): Promise<void> {
    await Promise.all([this.get, this.publish]);
    this.#ended = true;
    await this.#searching;
  }

  async #search(once: () => Promise<Outcome<Results['search']>>): Promise<void> {
    while (!this.#ended) {
      this.searches.push(await once());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

export async function outcome<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { result: await call, error: null };
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    return { result: null, error };
  }
}

/** What an operator would miss in an error of a node that is mending itself; null: nothing. */
export function faultOf({ code, next, retryable, message }: ActorError): string | null {
  if (!isErrorCode(code)) return `${code} is not in the table`;
  if (ERRORS[code].exit === 6 || code === 'E_INTERNAL') return `${code} blames bytes or a bug: ${message}`;
  if (!next) return `${code} names no next step: ${message}`;
  if (!retryable) return `${code} does not say that it may be tried again: ${message}`;
  return null;
}
