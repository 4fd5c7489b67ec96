import { noStrays } from '../checks/data-folder.ts';
import { finishedFilesAreRight } from '../checks/files.ts';
import { checkServed, chunkCount } from '../checks/served.ts';
import { Download } from '../download.ts';
import { IN_FLIGHT, type ShareName } from '../ground.ts';
import type { Phase, Scene } from '../strike.ts';

const BEGIN_MS = 120;
const END_MS = 250;

/**
 * A share is downloaded, and one end dies: while it is planned and dialled, with chunks in flight, or while the last
 * files get their names. It goes on by itself, costs the seeder little, and ends with what was published.
 */
export const download: Phase = {
  name: 'download',
  async run(scene) {
    const { ground, random, record } = scene;
    const share = random.chance(0.7) ? 'shelf' : ('many' satisfies ShareName);
    const victim = random.chance(0.7) ? ground.downloader : ground.seeder;
    await ground.sync(share, ground.known.seeder.shares.get(ground.ids[share])!.seq);
    const getting = new Download(ground, share, `${record.kill}`);
    const chunks = await getting.chunks();
    const other = victim === ground.downloader ? ground.seeder : ground.downloader;
    // Who dies takes its count along: the other end has counted the same chunks.
    const metric = other === ground.seeder ? 'chunks_served' : 'chunks_fetched';
    const before = await chunkCount(other, metric);

    const aim = aimed(scene);
    scene.begins(victim, `${share}, ${aim.moment}`);
    const after =
      aim.bytes === null ? null : ground.wire.more(aim.bytes * (await sizeOf(scene, share)), scene.signal);
    await getting.begin();
    const ended = new AbortController();
    const running = doneOnce(getting, ended.signal);
    if (after !== null) await Promise.race([after, running]);
    await scene.strike(victim, aim.ms, running);
    ended.abort();
    await finishedFilesAreRight(ground.folder(share), getting.out);
    await scene.revive(victim);

    await getting.done();
    const served = (await chunkCount(other, metric)) - before;
    record.again = Math.max(0, served - chunks) * 262_144;
    const bound = { chunks, kills: 1, in_flight: IN_FLIGHT, per_second: ground.chunksPerSecond };
    checkServed(bound, served, scene.costs.served);
    await getting.check();
    await getting.remove();
    await noStrays(victim.home);
  },
};

interface Aim {
  readonly moment: string;
  /** Part of the share's bytes that go before; null: none. */
  readonly bytes: number | null;
  /** Milliseconds after that. */
  readonly ms: number;
}

function aimed({ random }: Scene): Aim {
  const where = random.next();
  if (where < 0.2) return { moment: 'begin', bytes: null, ms: random.between(0, BEGIN_MS) };
  if (where < 0.75) {
    const part = random.between(0.02, 0.97);
    return { moment: `at ${Math.round(part * 100)} % of the bytes`, bytes: part, ms: 0 };
  }
  return { moment: 'end', bytes: 0.99, ms: random.between(0, END_MS) };
}

async function sizeOf({ ground }: Scene, share: ShareName): Promise<number> {
  const { shares } = await ground.downloader.call('shares', {});
  return shares.find(({ share_id }) => share_id === ground.ids[share])!.bytes;
}

/** Settles when the download is done, or nobody is there to say so. */
async function doneOnce(getting: Download, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const entry = await getting.entry().catch(() => null);
    if (entry === null || entry.state === 'done') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
