import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, round } from '../../bench/statistics.ts';
import { NetworkNode } from './network-node.ts';
import { makePlaces } from './places.ts';

const POLL_MS = 200;
const STARTS_AT_ONCE = 2;

export interface NetworkOptions {
  readonly nodes: number;
  readonly places?: 'namespaces' | 'loopback' | 'any';
  /** Seconds between the looks of each node for newer revisions. */
  readonly syncSeconds?: number;
  /** For each of the steps that are waited for. */
  readonly withinSeconds?: number;
  log(line: string): void;
}

/** Seconds each, from the moment of publishing. Field names are those of `--json`. */
export interface NetworkReport {
  readonly nodes: number;
  readonly places: 'namespaces' | 'loopback';
  readonly sync_seconds: number;
  readonly killed: number;
  /** Nodes that found the share by a link that names nobody, and those that have the second revision. */
  readonly found: number;
  readonly updated: number;
  readonly found_p50: number;
  readonly found_p95: number;
  readonly updated_p50: number;
  readonly updated_p95: number;
  /** A file downloaded after its publisher was gone too, from those who announced that they have it. */
  readonly fetched_without_publisher: boolean;
  readonly load: number;
}

/**
 * Nodes in processes of their own that know the first of them. The second publishes; all others get a link that names
 * nobody, so that only the DHT can tell them. Then half of them are killed, the first among them, and a new revision is
 * published: how long it takes until all who are left have it. Last, the publisher goes, and a file is downloaded.
 */
export async function runNetwork(options: NetworkOptions): Promise<NetworkReport> {
  const { nodes: count, log, syncSeconds = 5, withinSeconds = 180 } = options;
  const root = await mkdtemp(join(tmpdir(), 'granary-network-'));
  const places = await makePlaces(count, options.places ?? 'any');
  const nodes: NetworkNode[] = [];
  const until = untilWithin(withinSeconds * 1000);
  try {
    const start = async (n: number, bootstrap: readonly string[]) => {
      nodes[n] = await NetworkNode.start(join(root, `home-${n}`), places.all[n]!, bootstrap, syncSeconds);
    };
    await start(0, []);
    const rest = Array.from({ length: count - 1 }, (_, n) => n + 1).values();
    await Promise.all(
      Array.from({ length: STARTS_AT_ONCE }, async () => {
        for (const n of rest) await start(n, [nodes[0]!.address]);
      }),
    );
    log(`${count} nodes are up (${places.kind}), load ${loadavg()[0]!.toFixed(1)}`);
    const known = Math.min(count - 1, 4);
    await Promise.all(
      nodes.map((node) => until(async () => (await node.client.call('dht', {})).nodes >= known || null)),
    );
    log(`each knows ${known} others`);

    const [hub, publisher, ...others] = nodes as [NetworkNode, NetworkNode, ...NetworkNode[]];
    const folder = join(root, 'records');
    await mkdir(folder);
    await writeFile(join(folder, 'first.flac'), 'the first record');
    const publish = () => publisher.client.call('publish', { paths: [folder], public: true });
    const { link } = await publish();
    const bare = link.split('?')[0]!;
    const published = performance.now();
    const readers = [hub, ...others];
    const shareIds: string[] = [];
    const found = await Promise.all(
      readers.map(async (node) => {
        const { share_id: shareId } = await node.client.call('subscribe', { link: bare });
        shareIds.push(shareId);
        return await until(async () => {
          const { subscriptions } = await node.client.call('subs', {});
          if ((subscriptions[0]?.items ?? 0) > 0) return since(published);
          await node.client.call('sync', {});
          return null;
        });
      }),
    );
    log(
      `found by ${found.length}: p50 ${round(percentile(found, 0.5))} s, p95 ${round(percentile(found, 0.95))} s`,
    );

    const half = [hub, ...others.slice(Math.ceil(others.length / 2))];
    const left = others.filter((node) => !half.includes(node));
    await Promise.all(half.map((node) => node.kill()));
    // One of those who are left has the file: it announces it.
    const out = join(root, 'out');
    await left[0]!.client.call('get', { target: shareIds[0]!, directory: join(out, 'first') });
    await writeFile(join(folder, 'second.flac'), 'the second record');
    await publish();
    const again = performance.now();
    const updated = await Promise.all(
      left.map((node) =>
        until(async () =>
          (await node.client.call('subs', {})).subscriptions[0]?.seq === 2 ? since(again) : null,
        ),
      ),
    );
    log(
      `${half.length} killed; new revision: p50 ${round(percentile(updated, 0.5))} s, p95 ${round(percentile(updated, 0.95))} s`,
    );

    const fetched = left.length < 2 || (await withoutPublisher(publisher, left, shareIds[0]!, out, until));
    log(
      fetched ? 'a file came although its publisher is gone' : 'the file did not come without its publisher',
    );
    return {
      ...{ nodes: count, places: places.kind, sync_seconds: syncSeconds, killed: half.length },
      ...{ found: found.length, updated: updated.length },
      ...{ found_p50: round(percentile(found, 0.5)), found_p95: round(percentile(found, 0.95)) },
      ...{ updated_p50: round(percentile(updated, 0.5)), updated_p95: round(percentile(updated, 0.95)) },
      fetched_without_publisher: fetched,
      load: round(loadavg()[0]!),
    };
  } finally {
    await Promise.allSettled(nodes.map((node) => node?.kill()));
    await places.remove();
    await rm(root, { recursive: true, force: true });
  }
}

/** The first of those left announces what it downloaded; another one finds it by that. */
async function withoutPublisher(
  publisher: NetworkNode,
  [holder, reader]: readonly NetworkNode[],
  shareId: string,
  out: string,
  until: ReturnType<typeof untilWithin>,
): Promise<boolean> {
  await until(async () => ((await holder!.client.call('dht', {})).announce.announced > 0 ? true : null));
  await publisher.kill();
  const target = `${shareId}/first.flac`;
  await reader!.client.call('get', { target, directory: join(out, 'second') });
  return (await readFile(join(out, 'second', 'first.flac'), 'utf8')) === 'the first record';
}

const since = (from: number): number => (performance.now() - from) / 1000;

/** Looks again until there is something. */
const untilWithin =
  (ms: number) =>
  async <T>(look: () => Promise<T | null>): Promise<T> => {
    const end = performance.now() + ms;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() > end) throw new Error(`nothing within ${ms / 1000} s`);
      await sleep(POLL_MS);
    }
  };
