import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type FailedStart, runCommand } from '../node-life.ts';
import { Subject } from '../subject.ts';
import { must } from '../violation.ts';
import { damage } from './damage.ts';
import type { Fault } from './fault.ts';

const PAGE = 4_096;
/** A start on a damaged folder says so soon. */
const PLACES = 200;

export const damagedState: Fault = {
  name: 'damaged pages in state.db',
  expected: 'the start is refused with E_HOME_UNUSABLE and a next step; a restored backup is the same node',
  async inject(ground, random, round) {
    const { downloader, root } = ground;
    const folder = join(root, `backup-${round}`);
    await mkdir(folder);
    const { file } = await ground.downloader.call('backup', { path: join(folder, 'backup.db') }, () => {});
    await downloader.kill();

    const damaged = new Subject('reader', folder, downloader.args, { starts: 0, failedStarts: 0, ready: [] });
    await cp(downloader.home, damaged.home, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    checkpoint(join(damaged.home, 'state.db'));
    await damage(join(damaged.home, 'state.db'), random, PLACES, PAGE);
    const life = damaged.begin();
    const refusal = await life.ready.then(
      () => null,
      (error: FailedStart) => error,
    );
    await life.kill();
    must(refusal !== null, 'a node starts on a damaged state.db after an unclean stop');
    must(refusal.code === 'E_HOME_UNUSABLE', `a damaged state.db is told as: ${refusal.message}`);

    const home = join(root, `restored-${round}`);
    const { code, last } = await runCommand(home, ['restore', file]);
    must(code === 0, `the backup is not restored: ${JSON.stringify(last)}`);
    const old = downloader.home;
    downloader.home = home;
    await ground.revive(downloader);
    for (const path of [old, folder]) await rm(path, { recursive: true, force: true });
    return { seen: `${refusal.code}; restored: same key, same subscriptions, same numbers` };
  },
};

/** Everything into the file itself, so that damage to it is damage. */
function checkpoint(path: string): void {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
