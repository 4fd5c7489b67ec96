import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TransferEntry } from '../../src/control-link/results.ts';
import { foldersAreEqual } from './checks/files.ts';
import type { Ground, ShareName } from './ground.ts';
import { must } from './violation.ts';
import { sleep, until } from './wait.ts';

const DONE_MS = 90_000;
/** Of failures that the operator ends with `resume`. */
const MAX_RESUMES = 10;
const RESUME_MS = 2_000;

/** One download of a whole share, left to the downloader. */
export class Download {
  readonly #ground: Ground;
  readonly share: ShareName;
  readonly out: string;
  /** Codes of the errors it stopped with on the way. */
  readonly errors: string[] = [];
  id = '';

  constructor(ground: Ground, share: ShareName, name: string, out = join(ground.root, `out-${name}`)) {
    this.#ground = ground;
    this.share = share;
    this.out = out;
  }

  async begin(): Promise<void> {
    const target = this.#ground.ids[this.share];
    const { transfers } = await this.#ground.downloader.call('add', { target, directory: this.out });
    this.id = transfers[0]!.id;
  }

  async entry(): Promise<TransferEntry> {
    const { transfers } = await this.#ground.downloader.call('queue', {});
    const found = transfers.find(({ id }) => id === this.id);
    must(found !== undefined, 'a transfer was lost from the queue');
    return found;
  }

  /** Begins, and comes as far as this share of its bytes, where the wire holds it. */
  async beginAndHold(part: number): Promise<void> {
    const bytes = part * this.#ground.options.large;
    this.#ground.wire.holdAfter(bytes);
    await this.begin();
    let last = '';
    await until(
      () => `a download under way: ${last}`,
      30_000,
      async () => {
        const entry = await this.entry();
        last = JSON.stringify(entry);
        return entry.bytes > bytes * 0.7 ? true : null;
      },
    );
  }

  /** Waits for its end; what failed is resumed, as an operator would, after whatever else he has to do. */
  async done(mend: () => Promise<unknown> = async () => {}): Promise<TransferEntry> {
    let resumes = 0;
    let last = '';
    const what = () => `the download of ${this.share} is done: ${last}`;
    return await until(what, DONE_MS, async () => {
      const entry = await this.entry();
      last = JSON.stringify(entry);
      if (entry.state === 'done') return entry;
      if (entry.state !== 'failed') return null;
      this.errors.push(entry.error?.code ?? 'none');
      must(++resumes <= MAX_RESUMES, `the download does not succeed: ${JSON.stringify(entry.error)}`);
      await mend();
      await this.#ground.downloader.call('resume', { ids: [this.id] });
      if (resumes > 1) await sleep(RESUME_MS);
      return null;
    });
  }

  /** Done, whole, listed as held; then it is taken away again. */
  async finish(): Promise<void> {
    await this.done();
    await this.check();
    await this.remove();
  }

  async check(): Promise<void> {
    await foldersAreEqual(this.#ground.folder(this.share), this.out);
    const { items } = await this.#ground.downloader.call('items', { share: this.#ground.ids[this.share] });
    const remote = items.filter(({ state }) => state !== 'held');
    must(remote.length === 0, `downloaded and not listed as held: ${remote.map(({ path }) => path)[0]}`);
  }

  async remove(): Promise<void> {
    await this.#ground.downloader.call('cancel_transfers', { ids: [this.id] });
    await rm(this.out, { recursive: true, force: true });
  }

  /** Chunks of all its files. */
  async chunks(): Promise<number> {
    const { items } = await this.#ground.downloader.call('items', { share: this.#ground.ids[this.share] });
    return items.reduce((sum, { chunks }) => sum + chunks, 0);
  }
}
