import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCatalog, KnownCatalog } from './checks/catalog.ts';
import { makeFile, smallSize } from './material.ts';
import { SlowWire } from './slow-wire.ts';
import { Subject, type Tally } from './subject.ts';
import { sleep } from './wait.ts';

/** Octets of a chunk on the wire, with what TLS and the frame add. */
const CHUNK = 262_144;
/** Chunks asked of one peer and not come yet, at most. */
export const IN_FLIGHT = 16;
/** A download of the large file takes about so long: twice as long as what a kill may cost, so that too much shows. */
const DOWNLOAD_SECONDS = 2;
const COMMON = [
  ...['--set', 'downloads.reserve_bytes=0'],
  ...['--set', 'sync.interval_seconds=0'],
  ...['--set', 'network.shards=1'],
  ...['--set', `network.request_window=${IN_FLIGHT}`],
  ...['--set', 'hashing.threads=1'],
];

export interface GroundOptions {
  readonly name: string;
  readonly tally: Tally;
  /** Bytes of the large file. */
  readonly large: number;
  /** Files of the share of small ones. */
  readonly small: number;
}

export type ShareName = 'shelf' | 'many';

/**
 * Where nodes are killed: a seeder that shares a large file with some small ones (`shelf`) and many small ones (`many`),
 * a downloader that is subscribed to both, the wire between them, and what each has to know after any start.
 */
export class Ground {
  readonly root: string;
  readonly options: GroundOptions;
  readonly wire: SlowWire;
  readonly seeder: Subject;
  readonly downloader: Subject;
  readonly known: Record<'seeder' | 'downloader', KnownCatalog> = {
    seeder: new KnownCatalog(),
    downloader: new KnownCatalog(),
  };
  readonly links: Record<ShareName, string> = { shelf: '', many: '' };
  readonly ids: Record<ShareName, string> = { shelf: '', many: '' };

  private constructor(root: string, options: GroundOptions, wire: SlowWire) {
    this.root = root;
    this.options = options;
    this.wire = wire;
    const seeds = [...COMMON, '--set', `network.advertise=${wire.address}`];
    this.seeder = new Subject('seeder', root, seeds, options.tally);
    this.downloader = new Subject('downloader', root, COMMON, options.tally);
  }

  static async make(options: GroundOptions): Promise<Ground> {
    const root = await mkdtemp(join(tmpdir(), `granary-chaos-${options.name}-`));
    const wire = await SlowWire.open(options.large / DOWNLOAD_SECONDS);
    const ground = new Ground(root, options, wire);
    await ground.#fill();
    return ground;
  }

  /** Chunks a second that the wire lets through. */
  get chunksPerSecond(): number {
    return this.wire.rate / CHUNK;
  }

  folder(share: ShareName): string {
    return join(this.root, share);
  }

  /** Starts a node again; everything it knew has to be there. Seconds to ready. */
  async revive(subject: Subject): Promise<number> {
    const seconds = await subject.start();
    this.#wireUp(subject);
    if (subject.name !== 'reader') await checkCatalog(subject, this.known[subject.name]);
    return seconds;
  }

  /** Publishes a share as its folder is; the number it has then. */
  async publish(share: ShareName): Promise<number> {
    const made = await this.seeder.call('publish', { paths: [this.folder(share)], share }, () => {});
    this.links[share] = made.link;
    this.ids[share] = made.share_id;
    this.known.seeder.note(made.share_id, made.seq, made.link);
    return made.seq;
  }

  /** The downloader has the newest revision of a share, asking again while the seeder is hard to reach. */
  async sync(share: ShareName, seq: number): Promise<void> {
    for (let left = 40; ; left--) {
      const { shares } = await this.downloader.call('sync', { share: this.ids[share] });
      const [found] = shares;
      if (found !== undefined && found.error === null && found.seq_after === seq) break;
      if (left === 0) throw new Error(`no sync of ${share} to ${seq}: ${JSON.stringify(shares)}`);
      await sleep(250);
    }
    this.known.downloader.note(this.ids[share], seq, null);
  }

  /** Nothing but our kills ended a part of a node. */
  checkDeaths(): void {
    this.seeder.checkDeaths();
    this.downloader.checkDeaths();
  }

  async close(keep: boolean): Promise<void> {
    await Promise.all([this.seeder.kill(), this.downloader.kill()]);
    this.wire.close();
    if (!keep) await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  async #fill(): Promise<void> {
    const { large, small } = this.options;
    await makeFile(this.folder('shelf'), 'large.bin', 'large', large);
    for (let i = 0; i < 20; i++) {
      await makeFile(this.folder('shelf'), `side/side ${i}.bin`, `side ${i}`, smallSize(i));
    }
    for (let i = 0; i < small; i++) {
      await makeFile(this.folder('many'), `part ${i % 7}/small ${i}.bin`, `small ${i}`, smallSize(i));
    }
    await mkdir(this.seeder.home, { recursive: true });
    await Promise.all([this.seeder.start(), this.downloader.start()]);
    this.#wireUp(this.seeder);
    for (const share of ['shelf', 'many'] as const) {
      const seq = await this.publish(share);
      await this.downloader.call('subscribe', { link: this.links[share] });
      await this.sync(share, seq);
    }
  }

  #wireUp(subject: Subject): void {
    if (subject === this.seeder) this.wire.target = Number(new URL(subject.bound).port);
  }
}
