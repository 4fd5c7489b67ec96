import { toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { TransferContext } from './context.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import type { Provider } from './provider.ts';
import { knowsHashes } from './restore-files.ts';

/** A list that every portion of its file needs is worth being shared with the shards instead of copied. */
const SHARED_FROM = 16 << 10;
/** How long a second provider leaves the asking to a first one. */
const PATIENCE_MS = 2_000;

/** The chunk hashes of the files of a download: from this disk, else from a provider, asked of one at a time. */
export class ChunkLists {
  readonly #parts: DownloadParts;
  readonly #asking = new Map<DownloadFile, Promise<void>>();
  readonly #new: { contentId: string; hashes: Uint8Array }[] = [];

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** `file.hashes` is known when it resolves. Rejects with what the provider answered. */
  async need(file: DownloadFile, provider: Provider, signal: AbortSignal): Promise<void> {
    while (file.hashes === null) {
      const asking = this.#asking.get(file);
      // Whether it answers that one or not: then we know more.
      if (asking !== undefined) await this.#settledSoon(asking);
      if (file.hashes === null && (asking === undefined || this.#asking.get(file) === asking)) {
        await this.#ask(file, provider, signal);
      }
    }
  }

  /** One provider that is slow to answer, or counts requests, does not hold up the others. */
  async #settledSoon(asking: Promise<void>): Promise<void> {
    const over = new AbortController();
    const settled = asking.catch(() => {}).finally(() => over.abort());
    const late = sleep(this.#parts.context.clock, PATIENCE_MS, over.signal).catch(() => {});
    await Promise.race([settled, late]);
  }

  /** Hands new lists to the store, so that a later run, and whoever asks this node, have them. */
  keep(): void {
    const lists = this.#new.splice(0);
    if (lists.length > 0) void keep(this.#parts.context, lists);
  }

  async #ask(file: DownloadFile, provider: Provider, signal: AbortSignal): Promise<void> {
    const asking = this.#find(file, provider, signal);
    this.#asking.set(file, asking);
    try {
      await asking;
    } finally {
      if (this.#asking.get(file) === asking) this.#asking.delete(file);
    }
  }

  async #find(file: DownloadFile, provider: Provider, signal: AbortSignal): Promise<void> {
    if (file.resumed > 0 || file.chunks === 1) await knowsHashes(this.#parts, file);
    if (file.hashes !== null) return;
    const hashes = await provider.hashesOf(file, signal);
    if (file.hashes !== null) return;
    this.#new.push({ contentId: file.contentId, hashes });
    file.hashes = hashes.length < SHARED_FROM ? hashes : shared(hashes);
  }
}

async function keep(
  { refs, log }: TransferContext,
  lists: readonly { contentId: string; hashes: Uint8Array }[],
): Promise<void> {
  try {
    await refs.store.ask('keepHashLists', lists);
  } catch (error) {
    log.warn(
      { error: toErrorRecord(error) },
      'chunk hash lists were not kept: a later run asks for them again',
    );
  }
}

function shared(hashes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(hashes.length));
  copy.set(hashes);
  return copy;
}
