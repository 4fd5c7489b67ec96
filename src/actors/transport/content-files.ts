import type { Lease } from '../content-types.ts';
import { keepListening } from '../keep-listening.ts';
import { noAnswer } from '../no-answer.ts';
import { ContentFile } from './content-file.ts';
import type { ShardContext } from './context.ts';
import { Scratch } from './read-ahead.ts';

/** Published files a shard holds open; the one not read for longest makes room. */
const MAX_OPEN = 256;
/** How long "this node shares no such content" is good for, and of how many. */
const ABSENT_MS = 1_000;
const MAX_ABSENT = 256;

/** Null: this node shares no such content, or the file changed. `unavailable`: the store gave no answer. */
export type Content = ContentFile | null | 'unavailable';

interface Loading {
  readonly file: Promise<Content>;
  /** The source changed while its lease was on the way. */
  stale: boolean;
}

/**
 * The shard's leases and the files behind them. The store says when a lease became void; when it dies, all are.
 */
export class ContentFiles {
  readonly #context: ShardContext;
  readonly #open = new Map<string, ContentFile>();
  readonly #scratch = new Scratch();
  readonly #loading = new Map<string, Loading>();
  /** The one at the end of that order, unless another was opened since. */
  #newest: ContentFile | null = null;
  /** Contents the store knew no lease of, and until when: a peer asks for many chunks of one at once. */
  readonly #absent = new Map<string, number>();

  constructor(context: ShardContext) {
    this.#context = context;
    context.spawn(() =>
      keepListening(
        context,
        () => this.#changes(),
        ({ contentIds }) => {
          for (const contentId of contentIds) this.#void(contentId);
        },
      ),
    );
  }

  get(contentId: string): Content | Promise<Content> {
    const known = this.#open.get(contentId);
    if (known === undefined) return this.#isAbsent(contentId) ? null : this.#load(contentId);
    if (!known.stillLooksAlike(this.#context.clock.now())) {
      this.gone(known);
      return null;
    }
    if (known !== this.#newest) {
      // Taken out and in again: the map's order is that of use.
      this.#open.delete(contentId);
      this.#open.set(contentId, known);
      this.#newest = known;
    }
    return known;
  }

  /** The file is not what was published: nobody serves it until it is published again. */
  gone(file: ContentFile): void {
    const { contentId } = file.lease;
    if (this.#open.get(contentId) === file) this.#drop(contentId);
    this.#tellGone(file.lease);
  }

  close(): void {
    for (const contentId of [...this.#open.keys()]) this.#drop(contentId);
  }

  #load(contentId: string): Promise<Content> {
    const running = this.#loading.get(contentId);
    if (running && !running.stale) return running.file;
    const loading: Loading = { stale: false, file: this.#fetch(contentId, () => loading.stale) };
    this.#loading.set(contentId, loading);
    const loaded = () => {
      if (this.#loading.get(contentId) === loading) this.#loading.delete(contentId);
    };
    loading.file.then(loaded, loaded);
    return loading.file;
  }

  async #fetch(contentId: string, stale: () => boolean): Promise<Content> {
    const answer = await this.#context.refs.store
      .ask('lease', { contentId })
      .then((lease) => ({ lease }))
      .catch(noAnswer);
    if (stale()) return this.#load(contentId);
    if (answer === null || this.#context.signal.aborted) return 'unavailable';
    const { lease } = answer;
    if (lease === null) {
      this.#noteAbsent(contentId);
      return null;
    }
    const file = ContentFile.open(lease, this.#scratch, this.#context.clock.now());
    if (file === null) {
      this.#tellGone(lease);
      return null;
    }
    this.#open.get(contentId)?.close();
    this.#open.set(contentId, file);
    this.#newest = file;
    if (this.#open.size > MAX_OPEN) this.#drop(this.#open.keys().next().value!);
    return file;
  }

  async *#changes(): AsyncGenerator<{ readonly contentIds: readonly string[] }, void, undefined> {
    const { refs, signal } = this.#context;
    // What was learnt while nobody listened may have become void unheard.
    this.close();
    for (const loading of this.#loading.values()) loading.stale = true;
    try {
      yield* refs.store.stream('leaseChanges', null, { signal });
    } finally {
      this.close();
    }
  }

  #void(contentId: string): void {
    const loading = this.#loading.get(contentId);
    if (loading) loading.stale = true;
    this.#absent.delete(contentId);
    this.#drop(contentId);
  }

  #isAbsent(contentId: string): boolean {
    const until = this.#absent.get(contentId);
    return until !== undefined && this.#context.clock.now() < until;
  }

  #noteAbsent(contentId: string): void {
    this.#absent.delete(contentId);
    if (this.#absent.size >= MAX_ABSENT) this.#absent.delete(this.#absent.keys().next().value!);
    this.#absent.set(contentId, this.#context.clock.now() + ABSENT_MS);
  }

  #drop(contentId: string): void {
    this.#open.get(contentId)?.close();
    this.#open.delete(contentId);
  }

  #tellGone({ contentId, path, epoch }: Lease): void {
    this.#context.log.warn({ contentId, path }, 'a published file changed: not served until published again');
    void this.#context.refs.store.ask('sourceGone', { contentId, path, epoch }).catch(noAnswer);
  }
}
