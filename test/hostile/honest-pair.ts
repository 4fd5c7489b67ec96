import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, nonceOf, type Target, targetOf } from './connection.ts';
import { HelloMaker } from './hello.ts';
import type { KnownWorld } from './run-row.ts';
import { WatchedNode } from './watched-node.ts';

/** Files that the honest downloader fetches over and over, side by side, so that one of them is always under way. */
const LANES = 3;

/**
 * Two real nodes: one that serves, and is attacked, and an honest one that downloads from it without a pause. The
 * transfers are the measure of what the attack costs others.
 */
export class HonestPair {
  readonly work: string;
  readonly server: WatchedNode;
  readonly reader: WatchedNode;
  readonly target: Target;
  readonly known: KnownWorld;
  /** Downloads that came whole. */
  downloads = 0;
  /** What went wrong with an honest download: nothing may. */
  readonly failures: string[] = [];
  readonly #shares: readonly string[];
  readonly #restMs: number;
  readonly #stop = new AbortController();
  #lanes: Promise<unknown> = Promise.resolve();

  private constructor(
    work: string,
    server: WatchedNode,
    reader: WatchedNode,
    known: KnownWorld,
    shares: readonly string[],
    restMs: number,
  ) {
    this.work = work;
    this.server = server;
    this.reader = reader;
    this.target = targetOf(server.node.address);
    this.known = known;
    this.#shares = shares;
    this.#restMs = restMs;
  }

  /** `restMs`: between two downloads of a lane, so that the machine has time for something else as well. */
  static async start(bytesEach: number, restMs = 0): Promise<HonestPair> {
    const work = await mkdtemp(join(tmpdir(), 'granary-hostile-'));
    const [server, reader] = await Promise.all([
      WatchedNode.start(),
      // Hostile providers are met when they are asked for, and not again later.
      WatchedNode.start('--set', 'sync.interval_seconds=0'),
    ]);
    const published = [];
    for (let lane = 0; lane < LANES; lane++) {
      const path = join(work, `lane-${lane}.bin`);
      await writeFile(path, randomBytes(bytesEach));
      const result = await server.client.call('publish', { paths: [path] }, { onEvent: () => {} });
      published.push(result);
      await reader.client.call('subscribe', { link: result.link });
    }
    const { share_id: share, manifest_id: manifest } = published[0]!;
    const { items } = await server.client.call('items', { share });
    const usedHello = await sayHello(targetOf(server.node.address));
    const known = {
      contentId: Buffer.from(items[0]!.content_id, 'hex'),
      chunks: items[0]!.chunks,
      manifestId: Buffer.from(manifest!, 'hex'),
      nodeKey: Buffer.from(server.node.ready.node_key, 'hex'),
      usedHello,
    };
    return new HonestPair(
      work,
      server,
      reader,
      known,
      published.map(({ share_id }) => share_id),
      restMs,
    );
  }

  /** The honest transfers begin, and go on until `remove`. */
  download(): void {
    this.#lanes = Promise.all(this.#shares.map((share, lane) => this.#lane(share, lane)));
  }

  /** Octets of honest transfers so far. */
  async received(): Promise<number> {
    const { bytes } = await this.reader.stats();
    return bytes.down;
  }

  /** Honest octets a second while `during` runs. */
  async speed(during: () => Promise<unknown>): Promise<number> {
    const [from, before] = [performance.now(), await this.received()];
    await during();
    return ((await this.received()) - before) / ((performance.now() - from) / 1000);
  }

  /** What is wrong with either node, or with an honest transfer. */
  async ailment(): Promise<string | null> {
    return (await this.server.ailment()) ?? (await this.reader.ailment()) ?? this.failures[0] ?? null;
  }

  async remove(): Promise<void> {
    this.#stop.abort();
    await this.#lanes;
    await Promise.all([this.server.remove(), this.reader.remove()]);
    await removeFolder(this.work);
  }

  async #lane(share: string, lane: number): Promise<void> {
    const { signal } = this.#stop;
    for (let round = 0; !signal.aborted && this.failures.length === 0; round++) {
      const directory = join(this.work, `got-${lane}-${round}`);
      try {
        await this.reader.client.call('get', { target: share, directory }, { signal, onEvent: () => {} });
        this.downloads++;
      } catch (error) {
        if (!signal.aborted) this.failures.push(`an honest download failed: ${(error as Error).message}`);
      }
      await removeFolder(directory);
      await new Promise((resolve) => setTimeout(resolve, this.#restMs));
    }
  }
}

/** A download that was cancelled may put a last file there meanwhile. */
const removeFolder = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

/** An honest handshake; its first message, for those who want to say it again. */
async function sayHello(target: Target): Promise<Buffer> {
  const connection = await Connection.tls(target);
  const maker = new HelloMaker('v2');
  const hello = maker.frame(null);
  connection.send(hello);
  connection.send(maker.frame(nonceOf(await connection.frame())));
  connection.destroy();
  return hello;
}
