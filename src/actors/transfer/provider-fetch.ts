import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { eachBounded } from '../each-bounded.ts';
import type { FetchEvent } from '../transport/contract.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { FileBatches } from './file-batches.ts';
import type { Finisher } from './finisher.ts';
import type { Provider } from './provider.ts';

/** Batches under way at once: one that is prepared, and two that keep the provider busy even while one of them ends. */
const LANES = 3;
/** Files of a batch that are prepared at once: as many requests as a session takes. */
const PREPARED_AT_ONCE = 16;
/** Files in a row that a provider did not have, or had wrong, before it is taken for useless. */
const MAX_STRIKES = 8;
/** Failures that are ours: no other provider mends them. */
const OWN_FAILURES = new Set(['E_NO_SPACE', 'E_IO', 'E_NOT_FOUND', 'E_PATH_INVALID']);

/** What came of one provider. */
export interface ProviderOutcome {
  /** At least one file came whole. */
  readonly useful: boolean;
  /** Why it is no use any more; null: it was asked for everything. */
  readonly error: ActorError | null;
}

/**
 * Fetches files from one provider: hash lists, unfinished files, chunks; whole files go to the finisher at once. A file
 * that the provider lacks or has wrong is left out (`error` of the file says why), a provider that fails otherwise ends
 * it: what is still `missing` then is for the next one. Rejects only for what concerns the whole download.
 */
export class ProviderFetch {
  readonly #parts: DownloadParts;
  readonly #provider: Provider;
  readonly #finisher: Finisher;
  readonly #batches: FileBatches;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  #preparing: Promise<unknown> = Promise.resolve();
  #strikes = 0;
  #useful = false;
  #error: ActorError | null = null;

  constructor(parts: DownloadParts, provider: Provider, finisher: Finisher, files: readonly DownloadFile[]) {
    this.#parts = parts;
    this.#provider = provider;
    this.#finisher = finisher;
    this.#batches = new FileBatches(files);
    this.#signal = AbortSignal.any([parts.signal, this.#end.signal]);
  }

  async run(): Promise<ProviderOutcome> {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, () => this.#lane()));
    this.#parts.signal.throwIfAborted();
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
    return { useful: this.#useful, error: this.#error };
  }

  async #lane(): Promise<void> {
    try {
      for (;;) {
        const files = await this.#nextBatch();
        if (files === null) return;
        await this.#fetch(files);
      }
    } catch (error) {
      // What one lane fails on ends the others as well.
      this.#end.abort();
      throw error;
    }
  }

  /** One batch is prepared after the other, so that the lanes do not all prepare and then all fetch. */
  #nextBatch(): Promise<readonly DownloadFile[] | null> {
    const next = this.#preparing.then(() => this.#prepareNext());
    this.#preparing = next.catch(() => {});
    return next;
  }

  async #prepareNext(): Promise<readonly DownloadFile[] | null> {
    const batch = this.#signal.aborted ? null : this.#batches.take();
    return batch && (await this.#prepare(batch));
  }

  async #fetch(files: readonly DownloadFile[]): Promise<void> {
    if (files.length === 0 || this.#signal.aborted) return;
    try {
      await this.#parts.spent.fetch.during(this.#receive(files));
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#judge(
        error,
        files.filter(({ state }) => state === 'missing'),
      );
    }
  }

  /** The files of which the hashes are known now, each with an unfinished file to write to. */
  async #prepare(batch: readonly DownloadFile[]): Promise<DownloadFile[]> {
    await eachBounded(batch, PREPARED_AT_ONCE, async (file) => {
      if (this.#signal.aborted) return;
      try {
        file.hashes ??=
          file.chunks === 1 ? fromHex(file.contentId, 32) : await this.#provider.hashesOf(file, this.#signal);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#judge(error, [file]);
        return;
      }
      file.unfinished ??= await this.#parts.folder.unfinished(file.place);
    });
    return batch.filter(({ hashes, unfinished }) => hashes !== null && unfinished !== null);
  }

  async #receive(files: readonly DownloadFile[]): Promise<void> {
    using live = this.#parts.progress.open();
    const wanted = files.map(({ contentId, size, unfinished, hashes }) => ({
      contentId,
      size,
      path: unfinished!,
      hashes: hashes!,
    }));
    for await (const event of this.#provider.fetch(wanted, this.#signal)) this.#hear(event, files, live);
    const left = files.filter(({ state }) => state === 'missing');
    if (left.length > 0)
      throw failure('E_INTERNAL', `a fetch ended with ${left.length} files that are not whole`);
  }

  #hear(event: FetchEvent, files: readonly DownloadFile[], live: { bytes: number }): void {
    const { progress, spent } = this.#parts;
    switch (event.kind) {
      case 'progress':
        live.bytes += event.bytes;
        return;
      case 'file': {
        const file = files[event.index];
        if (file?.state !== 'missing') return;
        file.state = 'whole';
        live.bytes -= file.size;
        progress.whole += file.size;
        this.#useful = true;
        this.#strikes = 0;
        this.#finisher.fetched(file);
        return;
      }
      case 'corrupt':
        this.#parts.context.log.warn(
          { peer: this.#provider.target.address, file: files[event.index]?.name, chunk: event.chunk },
          'a chunk came with wrong bytes',
        );
        return;
      case 'spent':
        spent.verifyMs += event.verifyMs;
        spent.writeMs += event.writeMs;
        return;
    }
  }

  /** What a failure means for the files that were asked for, and for the provider. */
  #judge(error: unknown, files: readonly DownloadFile[]): void {
    if (!(error instanceof ActorError) || OWN_FAILURES.has(error.code)) throw error;
    const ofFiles = error.code === 'E_CHUNK_CORRUPT' || (error.code === 'E_PEER_ERROR' && !error.retryable);
    if (!ofFiles) return this.#giveUp(error);
    const blamed = files.length === 1 ? files[0] : files.find((file) => file.unfinished === error.subject);
    if (blamed === undefined) return this.#batches.split(files);
    blamed.error = error;
    this.#batches.again(files.filter((file) => file !== blamed));
    if (++this.#strikes >= MAX_STRIKES) this.#giveUp(error);
  }

  #giveUp(error: ActorError): void {
    this.#error ??= error;
    this.#end.abort();
  }
}
