import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkCatalog, KnownCatalog } from '../../../scripts/chaos/checks/catalog.ts';
import { noStrays } from '../../../scripts/chaos/checks/data-folder.ts';
import { finishedFilesAreRight, foldersAreEqual } from '../../../scripts/chaos/checks/files.ts';
import { checkServed, type Served } from '../../../scripts/chaos/checks/served.ts';
import { bytesOf, makeFile } from '../../../scripts/chaos/material.ts';
import type { Subject } from '../../../scripts/chaos/subject.ts';
import { Violation } from '../../../scripts/chaos/violation.ts';

// A check that cannot fail says nothing: each is shown what it is there for.

let work: string;
let source: string;
let target: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-chaos-checks-'));
  source = join(work, 'source');
  target = join(work, 'target');
  await makeFile(source, 'deep/one.bin', 'one', 5_000);
  await makeFile(source, 'two.bin', 'two', 300);
  await cp(source, target, { recursive: true });
});
afterEach(() => rm(work, { recursive: true, force: true }));

describe('what was downloaded', () => {
  test('equal folders, and half of one whose files are right', async () => {
    await foldersAreEqual(source, target);
    await rm(join(target, 'two.bin'));
    await writeFile(join(target, 'deep', '.granary-0123456789ab-0.part'), 'anything');
    expect(await finishedFilesAreRight(source, target)).toBe(1);
    expect(await finishedFilesAreRight(source, join(work, 'not there'))).toBe(0);
  });

  test('one octet that is another, and a name that nobody published', async () => {
    const bytes = bytesOf('one', 5_000);
    bytes[4_999]! ^= 1;
    await writeFile(join(target, 'deep', 'one.bin'), bytes);
    await expect(finishedFilesAreRight(source, target)).rejects.toThrow(/wrong bytes: deep\/one.bin/);
    await cp(source, target, { recursive: true });
    await writeFile(join(target, 'two (2).bin'), 'x');
    await expect(finishedFilesAreRight(source, target)).rejects.toThrow(/never published/);
  });

  test('done with a file missing, and with an unfinished one left', async () => {
    await writeFile(join(target, 'deep', '.granary-0123456789ab-0.part'), 'anything');
    await expect(foldersAreEqual(source, target)).rejects.toThrow(/left after a download/);
    await rm(join(target, 'deep'), { recursive: true });
    await expect(foldersAreEqual(source, target)).rejects.toThrow(/not there: deep\/one.bin/);
  });
});

test('the data folder: what belongs there, and what a crash would leave', async () => {
  const home = join(work, 'home');
  const id = 'ab'.repeat(32);
  for (const path of [
    'VERSION',
    'state.db-wal',
    `hashes/${id}`,
    `segments/${id}-3.idx`,
    'run/last-stop.json',
  ]) {
    await makeFile(home, path, path, 1);
  }
  await noStrays(home);
  for (const path of [`manifests/${id}.unfinished-01`, `segments/${id}-3.rows.tmp`, 'keys/other']) {
    await makeFile(home, path, path, 1);
    await expect(noStrays(home, 0)).rejects.toThrow(path);
    const patient = noStrays(home);
    await rm(join(home, path));
    await patient;
  }
});

test('the bound of what is served: its last chunk, and one more', () => {
  const all: Served = { downloads: 0, chunks: 0, kills: 0, served: 0, worst: null };
  const bound = { chunks: 100, kills: 2, in_flight: 16, per_second: 70.5 };
  checkServed(bound, 100 + 2 * (16 + 71), all);
  expect(() => checkServed(bound, 101 + 2 * (16 + 71), all)).toThrow(Violation);
  checkServed(bound, 100, all);
  expect(all).toMatchObject({ downloads: 3, kills: 6, chunks: 300, worst: { served: 275, most: 274 } });
});

test('the catalog: lost, gone back, with another key', async () => {
  const row = { share_id: 'aa', own: true, seq: 4, link: 'scp2p://s/x', items: 2 };
  const known = new KnownCatalog();
  known.note('aa', 4, 'scp2p://s/x');
  const told = (...shares: object[]) =>
    checkCatalog({ name: 'seeder', call: async () => ({ shares }) } as unknown as Subject, known);
  await told(row);
  await told({ ...row, seq: 5 });
  await expect(told()).rejects.toThrow('lost');
  await expect(told({ ...row, own: false })).rejects.toThrow('lost');
  await expect(told({ ...row, seq: 3 })).rejects.toThrow('went back');
  await expect(told({ ...row, link: 'scp2p://s/y' })).rejects.toThrow('another link');
  await expect(told({ ...row, items: 0 })).rejects.toThrow('lists nothing');
});
