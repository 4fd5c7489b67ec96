import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { chunkCount } from '../checks/served.ts';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { must } from '../violation.ts';
import { until } from '../wait.ts';
import type { Fault } from './fault.ts';
import { changeRow, type LedgerRow, largeRow } from './progress-ledger.ts';

const CHUNK = 262_144;

/** Bits of the map are not what was written; its digest says so. */
export const tornMap: Fault = {
  name: 'torn map of chunks',
  expected: 'the map is not believed: chunks are hashed, what is right stays, the rest is fetched',
  inject: (ground, random, round) =>
    withMap(ground, `torn-${round}`, async (row) => {
      const have = Uint8Array.from(row.have!, (octet) => octet ^ random.integer(1, 255));
      changeRow(ground.downloader.home, row, { have });
    }),
};

/** A map that says that everything is there, whole in itself, of a file that looks just as it was noted: only data is behind. */
export const mapAhead: Fault = {
  name: 'map of chunks ahead of the data',
  expected: 'the hash of the whole file finds it out; only chunks that are not right are fetched again',
  inject: (ground, _random, round) =>
    withMap(ground, `ahead-${round}`, async (row, part) => {
      const chunks = Math.ceil(row.size / CHUNK);
      const have = new Uint8Array((chunks + 7) >> 3).fill(0xff);
      if (chunks % 8 > 0) have[have.length - 1] = (1 << (chunks % 8)) - 1;
      const { size, mtimeNs, ino } = await stat(part, { bigint: true });
      changeRow(ground.downloader.home, row, {
        ...{ have, have_digest: blake3(have).subarray(0, 8) },
        ...{ length: Number(size), mtime_ns: String(mtimeNs), inode: String(ino) },
      });
    }),
};

/** A download is killed half way, its row is changed, and it goes on. */
async function withMap(
  ground: Ground,
  name: string,
  spoil: (row: LedgerRow, unfinished: string) => Promise<void>,
): Promise<{ seen: string }> {
  const { seeder, downloader } = ground;
  const download = new Download(ground, 'shelf', name);
  await download.beginAndHold(0.5);
  const row = await until('a map of chunks in progress.db', 20_000, async () =>
    largeRow(downloader.home, download.id),
  );
  await downloader.kill();
  ground.wire.release();
  const folder = dirname(join(download.out, ...(JSON.parse(row.place) as string[])));
  await spoil(row, join(folder, `.granary-${download.id}-${row.position}.part`));
  const before = await chunkCount(seeder, 'chunks_served');
  await ground.revive(downloader);
  await download.done();
  const served = (await chunkCount(seeder, 'chunks_served')) - before;
  const chunks = await download.chunks();
  must(served < chunks, `everything was fetched again: ${served} chunks`);
  await download.finish();
  return { seen: `${served} of ${chunks} chunks were fetched after it, all bytes right` };
}
