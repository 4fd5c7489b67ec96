import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { until } from '../wait.ts';
import { damage } from './damage.ts';
import type { Fault } from './fault.ts';
import { largeRow } from './progress-ledger.ts';

const PAGE = 4_096;
const PLACES = 200;

/** `synchronous=NORMAL`: a loss of power takes the end of the log along, wherever it was cut. */
export const lostLog: Fault = {
  name: 'end of the log of progress.db lost with the power',
  expected: 'the node starts; what the lost notes said is hashed or fetched again',
  async inject(ground, random, round) {
    const download = await half(ground, `power-${round}`);
    const log = join(ground.downloader.home, 'progress.db-wal');
    const { size } = await stat(log);
    const left = Math.floor(size * random.next());
    await truncate(log, left);
    await ground.revive(ground.downloader);
    // The transfer itself may have been in what was lost.
    const { transfers } = await ground.downloader.call('queue', {});
    const known = transfers.some(({ id }) => id === download.id);
    if (!known) await download.begin();
    await download.done();
    // That earlier ones were taken off the list may have been lost as well: those come again, by themselves.
    for (const { id, directory } of transfers) {
      if (id === download.id) continue;
      await ground.downloader.call('cancel_transfers', { ids: [id] });
      await rm(directory, { recursive: true, force: true });
    }
    await download.finish();
    const went = known ? 'the transfer went on' : 'the transfer was begun again';
    return { seen: `${left} of ${size} bytes of the log were left; ${went}, all bytes right` };
  },
};

export const damagedProgress: Fault = {
  name: 'damaged pages in progress.db',
  expected: 'set aside, and the node starts; the same download, asked for again, is right',
  async inject(ground, random, round) {
    const download = await half(ground, `ledger-${round}`);
    const path = join(ground.downloader.home, 'progress.db');
    await rm(`${path}-wal`, { force: true });
    await rm(`${path}-shm`, { force: true });
    const { size } = await stat(path);
    if (size > 2 * PAGE) await damage(path, random, PLACES, PAGE);
    await damage(path, random, 20, 0);
    await ground.revive(ground.downloader);
    const { transfers } = await ground.downloader.call('queue', {});
    const known = transfers.some(({ id }) => id === download.id);
    if (!known) await download.begin();
    await download.done();
    await download.finish();
    await rm(`${path}.damaged`, { force: true });
    return { seen: `${known ? 'borne' : 'set aside'}; downloaded again, all bytes right` };
  },
};

/** A download that is half done, and its node killed. */
async function half(ground: Ground, name: string): Promise<Download> {
  const { downloader, wire } = ground;
  const download = new Download(ground, 'shelf', name);
  await download.beginAndHold(0.5);
  await until('a map of chunks in progress.db', 20_000, async () => largeRow(downloader.home, download.id));
  await downloader.kill();
  wire.release();
  return download;
}
