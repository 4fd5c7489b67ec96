import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from '../../../src/actors/store/migrations.ts';
import { noStrays } from '../checks/data-folder.ts';
import type { Phase } from '../strike.ts';
import { Subject } from '../subject.ts';
import { must } from '../violation.ts';
import { until } from '../wait.ts';

const fixtures = resolve(import.meta.dirname, '../../../test/actors/store/fixtures');
/** Milliseconds after the store has taken the folder: it copies, migrates, and writes the version last. */
const SPAN_MS = 60;

interface Told {
  readonly identity: string;
  readonly ownShares: readonly { readonly shareId: string; readonly seq: number }[];
  readonly subscriptions: readonly { readonly shareId: string; readonly seq: number | null }[];
}

/** The first start of this version on the data folder of an earlier one dies on the way, once or twice. */
export const migration: Phase = {
  name: 'migration',
  async run(scene) {
    const { ground, random, record } = scene;
    const folders = (await readdir(fixtures)).filter((name) => name.startsWith('home-v')).sort();
    const name = random.pick(folders);
    const root = join(ground.root, `migration-${record.kill}`);
    const home = join(root, 'reader');
    await mkdir(root);
    await cp(join(fixtures, name), home, { recursive: true });
    await rm(join(home, 'told.json'));
    const told = JSON.parse(await readFile(join(fixtures, name, 'told.json'), 'utf8')) as Told;
    const subject = new Subject('reader', root, ground.downloader.args, ground.options.tally);
    subject.facts = { node_key: told.identity, addresses: [] };
    try {
      for (let kills = random.integer(1, 2); kills > 0; kills--) {
        const after = random.between(0, SPAN_MS);
        const life = subject.begin();
        scene.begins(subject, `of ${name}`);
        await until('the store takes the folder', 60_000, async () =>
          existsSync(join(home, 'lock.pid')) ? true : null,
        );
        await scene.strike(subject, after, life.ready);
        await rm(join(home, 'lock.pid'), { force: true });
      }
      record.ready = await subject.start();
      await checkTold(subject, told);
      await checkFolder(home, Number(name.slice('home-v'.length)));
    } finally {
      await subject.kill();
    }
    await rm(root, { recursive: true });
  },
};

async function checkTold(subject: Subject, told: Told): Promise<void> {
  const { shares } = await subject.call('shares', {});
  const { subscriptions } = await subject.call('subs', {});
  for (const { shareId, seq } of told.ownShares) {
    const row = shares.find(({ share_id, own }) => own && share_id === shareId);
    must(row !== undefined && (row.seq ?? 0) === seq, `own share ${shareId} has ${row?.seq}, not ${seq}`);
  }
  for (const { shareId, seq } of told.subscriptions) {
    const row = subscriptions.find(({ share_id }) => share_id === shareId);
    must(row !== undefined && row.seq === seq, `subscription ${shareId} has ${row?.seq}, not ${seq}`);
  }
}

/** This version's, with the state of the earlier one whole beside it. */
async function checkFolder(home: string, version: number): Promise<void> {
  must(
    (await readFile(join(home, 'VERSION'), 'latin1')) === `${MIGRATIONS.length}\n`,
    'VERSION is not the newest',
  );
  const old = new DatabaseSync(join(home, `state.db.v${version}`), { readOnly: true });
  try {
    const { quick_check: check } = old.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    const { user_version: of } = old.prepare('PRAGMA user_version').get() as { user_version: number };
    must(check === 'ok' && of === version, `the copy of the old state is ${check}, of version ${of}`);
  } finally {
    old.close();
  }
  await noStrays(home);
}
