import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { eachBounded } from '../each-bounded.ts';
import type { FetchEvent } from '../transport/contract.ts';
import { BatchSize } from './batch-size.ts';
import type { DownloadFile } from './download-file.ts';
import type { Batch } from './fetch-schedule.ts';
import type { FetchWork } from './fetch-work.ts';
import type { Provider } from './provider.ts';

/** Batches under way at once: one that is prepared, and two that keep the provider busy even while one of them ends. */
const LANES = 3;
/** Files of a batch that are prepared at once: as many requests as a session takes. */
const PREPARED_AT_ONCE = 16;
/** Files in a row that a provider did not have, or had wrong, before it is left alone for a while. */
const MAX_STRIKES = 8;
/** A provider may get what it does not have. */
const LACKS_MS = 60_000;
/** Failures that are ours: no other provider mends them. */
const OWN_FAILURES = new Set(['E_NO_SPACE', 'E_IO', 'E_NOT_FOUND', 'E_PATH_INVALID']);

/** A batch, and what ends it when others have brought all of it. */
interface Taken {
  readonly batch: Batch;
  readonly obsolete: AbortSignal;
}

/**
 * What one provider brings, from one connecting to the moment it fails: batches of the schedule, each with its hash
 * lists and unfinished files. A file that the provider lacks or has wrong is asked of others (`error` of the file says
 * why). Rejects only for what concerns the whole download.
 */
export class ProviderFetch {
  /** It brought something. */
  useful = false;
  readonly #work: FetchWork;
  readonly #member: object;
  readonly #id: number;
  readonly #provider: Provider;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #size: BatchSize;
  #taking: Promise<unknown> = Promise.resolve();
  /** Settles when every fetch so far has asked for all of its chunks. */
  #asking: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  #strikes = 0;
  #error: ActorError | null = null;

  constructor(work: FetchWork, member: object, id: number, provider: Provider) {
    this.#work = work;
    this.#member = member;
    this.#id = id;
    this.#provider = provider;
    this.#signal = AbortSignal.any([work.parts.signal, this.#end.signal]);
    this.#size = new BatchSize(work.parts.context.clock);
  }

  /** Until there is nothing left to do (null), or it fails: why. */
  async run(): Promise<ActorError | null> {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, () => this.#lane()));
    this.#work.parts.signal.throwIfAborted();
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
    return this.#error;
  }

  async #lane(): Promise<void> {
    try {
      for (;;) {
        const taken = await this.#nextBatch();
        if (taken === null) return;
        try {
          await this.#fetch(taken);
        } finally {
          this.#underWay--;
          this.#work.ended(taken.batch);
        }
      }
    } catch (error) {
      // What one lane fails on ends the others as well.
      this.#end.abort();
      throw error;
    }
  }

  /** One batch is taken and prepared after the other, so that the lanes do not all prepare and then all fetch. */
  #nextBatch(): Promise<Taken | null> {
    const next = this.#taking.then(() => this.#takeAndPrepare());
    this.#taking = next.catch(() => {});
    return next;
  }

  async #takeAndPrepare(): Promise<Taken | null> {
    const batch = await this.#take();
    if (batch === null) return null;
    this.#underWay++;
    const taken = { batch, obsolete: this.#work.begin(batch) };
    try {
      await this.#prepare(taken);
    } catch (error) {
      this.#underWay--;
      this.#work.ended(batch);
      throw error;
    }
    return taken;
  }

  async #take(): Promise<Batch | null> {
    const { schedule, crew, parts } = this.#work;
    while (!this.#signal.aborted && !crew.over) {
      const now = parts.context.clock.now();
      const batch = schedule.take(this.#id, this.#size.budget(schedule.left, this.#work.keys.size), now);
      if (batch !== null) return batch;
      const until = schedule.refusedUntil(this.#id, now);
      const disarm = until === null ? null : parts.context.clock.after(until - now, () => crew.changed());
      await crew.wait(this.#member, this.#underWay === 0, this.#signal);
      disarm?.();
    }
    return null;
  }

  async #prepare({ batch, obsolete }: Taken): Promise<void> {
    const { files, lists } = this.#work;
    const signal = AbortSignal.any([this.#signal, obsolete]);
    await eachBounded(batch.portions, PREPARED_AT_ONCE, async ({ file: index }) => {
      const file = files[index]!;
      if (signal.aborted) return;
      try {
        await lists.need(file, this.#provider, signal);
      } catch (error) {
        if (!signal.aborted) this.#judge(error, file, index);
        return;
      }
      if (!signal.aborted) await this.#work.make(file);
    });
    lists.keep();
  }

  async #fetch({ batch, obsolete }: Taken): Promise<void> {
    if (this.#signal.aborted || obsolete.aborted) return;
    const { files, parts } = this.#work;
    const ready = batch.portions.filter(({ file }) => files[file]!.hashes !== null);
    if (ready.length === 0) return;
    const signal = AbortSignal.any([this.#signal, obsolete]);
    // One after the other they ask, so that the chunks of a file come in order: then its id is known without reading it.
    const before = this.#asking;
    const { promise, resolve: asked } = Promise.withResolvers<void>();
    this.#asking = Promise.all([before, promise]);
    let came = () => {};
    try {
      await settledOrAborted(before, signal);
      came = this.#size.begins();
      await parts.spent.fetch.during(this.#receive({ ...batch, portions: ready }, signal, asked));
      came();
    } catch (error) {
      if (signal.aborted) return;
      const subject = error instanceof ActorError ? error.subject : undefined;
      const of = ready.find(({ file }) => files[file]!.unfinished === subject);
      this.#judge(error, of === undefined ? null : files[of.file]!, of?.file ?? -1);
    } finally {
      asked();
    }
  }

  async #receive(batch: Batch, signal: AbortSignal, asked: () => void): Promise<void> {
    const wanted = batch.portions.map(({ file: index, wanted }) => {
      const { contentId, size, unfinished, hashes, have } = this.#work.files[index]!;
      const all = wanted.count === have.chunks;
      return {
        contentId,
        size,
        path: unfinished!,
        hashes: hashes!,
        ...(!all && { wanted: wanted.octets }),
      };
    });
    for await (const event of this.#provider.fetch(wanted, this.#work.parts.shareIds, signal))
      this.#hear(event, batch, asked);
  }

  #hear(event: FetchEvent, batch: Batch, asked: () => void): void {
    const { spent } = this.#work.parts;
    switch (event.kind) {
      case 'progress':
        this.useful = true;
        this.#strikes = 0;
        this.#work.written(batch, event.written, this.#provider.target.address);
        return;
      case 'corrupt':
        this.#corrupt(batch.portions[event.index]!.file, event.chunk);
        return;
      case 'spent':
        spent.verifyMs += event.verifyMs;
        spent.writeMs += event.writeMs;
        return;
      // That it is whole the schedule knows, whoever brought the last chunk of it.
      case 'file':
        this.#work.files[batch.portions[event.index]!.file]!.identified ??= event.contentId;
        return;
      case 'asked':
        return asked();
    }
  }

  #corrupt(index: number, chunk: number): void {
    const { parts, schedule, files } = this.#work;
    parts.context.log.warn(
      { peer: this.#provider.target.address, file: files[index]!.name, chunk },
      'a chunk came with wrong bytes',
    );
    if (this.#work.corrupt(this.#id, index)) schedule.refuse(this.#id, index, Number.POSITIVE_INFINITY);
  }

  /** What a failure means for a file, or for the provider. */
  #judge(error: unknown, file: DownloadFile | null, index: number): void {
    if (!(error instanceof ActorError) || OWN_FAILURES.has(error.code)) throw error;
    const corrupt = error.code === 'E_CHUNK_CORRUPT';
    const ofFile = corrupt || (error.code === 'E_PEER_ERROR' && !error.retryable);
    if (!ofFile || file === null) return this.#giveUp(error);
    file.error = error;
    const now = this.#work.parts.context.clock.now();
    this.#work.schedule.refuse(this.#id, index, corrupt ? Number.POSITIVE_INFINITY : now + LACKS_MS);
    if (++this.#strikes >= MAX_STRIKES) this.#giveUp(error);
  }

  #giveUp(error: ActorError): void {
    this.#error ??= error;
    this.#end.abort();
  }
}

function settledOrAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', done, { once: true });
    void promise.then(done, done);
  });
}
