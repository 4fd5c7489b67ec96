import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { makeFile } from '../material.ts';
import { must } from '../violation.ts';
import type { Fault } from './fault.ts';

const module = pathToFileURL(resolve(import.meta.dirname, '../clock-shift.ts')).href;
const DAY_MS = 86_400_000;

/** Both nodes die, and wake up some days later; then again, and the days are taken back. */
export const clockJump: Fault = {
  name: 'clock jumps by days, forward and back',
  expected: 'revisions, subscriptions and downloads go on; no number goes backwards',
  async inject(ground, random, round) {
    const days = random.integer(2, 40);
    await livesAt(ground, days * DAY_MS, `${round}-later`);
    await livesAt(ground, 0, `${round}-back`);
    return { seen: `${days} days forward and back: published, synced and downloaded in each`, times: 2 };
  },
};

async function livesAt(ground: Ground, shift: number, name: string): Promise<void> {
  const subjects = [ground.seeder, ground.downloader];
  for (const subject of subjects) {
    await subject.kill();
    subject.env =
      shift === 0 ? {} : { NODE_OPTIONS: `--import ${module}`, GRANARY_CHAOS_CLOCK_MS: `${shift}` };
  }
  await Promise.all(subjects.map((subject) => ground.revive(subject)));
  await makeFile(ground.folder('many'), `clock/${name}.bin`, name, 3_000);
  const before = ground.known.seeder.shares.get(ground.ids.many)!.seq;
  const seq = await ground.publish('many');
  must(seq === before + 1, `the number went from ${before} to ${seq}`);
  const { shares } = await ground.seeder.call('shares', {});
  const told = Date.parse(shares.find(({ name }) => name === 'many')!.updated_at!);
  must(Math.abs(told - Date.now() - shift) < DAY_MS / 2, `the clock of the seeder was not moved: ${told}`);
  await ground.sync('many', seq);
  const download = new Download(ground, 'many', `clock-${name}`);
  await download.begin();
  await download.finish();
}
