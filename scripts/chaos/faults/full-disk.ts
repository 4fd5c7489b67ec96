import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Download } from '../download.ts';
import { must } from '../violation.ts';
import { until } from '../wait.ts';
import type { Fault, Seen } from './fault.ts';

const SPARE = 4 << 20;

/** The disk that a download goes to is filled by somebody else in the midst of it. */
export const fullDisk: Fault = {
  name: 'full disk under a download',
  expected: 'paused with E_NO_SPACE, and on by itself when there is room',
  async inject(ground, _random, round): Promise<Seen> {
    const disk = join(ground.root, `disk-${round}`);
    await mkdir(disk);
    const size = Math.ceil(ground.options.large * 1.1) + SPARE;
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'granary-chaos', disk]);
    if (mounted.status !== 0)
      return { skipped: `no file system can be mounted here: ${mounted.stderr ?? mounted.error}`.trim() };
    try {
      const download = new Download(ground, 'shelf', '', join(disk, 'out'));
      await download.beginAndHold(0.4);
      await writeFile(join(disk, 'filler'), new Uint8Array(size)).catch(() => {});
      ground.wire.release();
      await until('paused for want of room', 30_000, async () => {
        const { state, error } = await download.entry();
        must(state !== 'done', 'a download is done on a disk without room');
        return state === 'paused' && error?.code === 'E_NO_SPACE' ? true : null;
      });
      await rm(join(disk, 'filler'));
      await download.finish();
      return { seen: 'E_NO_SPACE, then done by itself, all bytes right' };
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  },
};
