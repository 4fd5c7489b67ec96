import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileWalk } from '../../../src/actors/publish/file-walk.ts';
import { SkippedFiles } from '../../../src/actors/publish/skipped-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-walk-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function walked(signal = new AbortController().signal) {
  const skipped = new SkippedFiles();
  const walk = new FileWalk(skipped);
  let turns = 0;
  for await (const _ of walk.run([{ path: folder, kind: 'folder', inside: '' }], signal)) turns++;
  return { walk, skipped, turns };
}

test('others on the thread get their turn after each portion', async () => {
  for (let part = 0; part < 5; part++) {
    await mkdir(join(folder, `${part}`));
    await Promise.all(Array.from({ length: 700 }, (_, i) => writeFile(join(folder, `${part}`, `${i}`), 'x')));
  }
  const { walk, turns } = await walked();
  expect([walk.count, walk.files.length, walk.tooMany]).toEqual([3_500, 3_500, false]);
  expect(turns).toBeGreaterThan(25);
});

test('a flood of what is skipped is told in part, and counted', async () => {
  await writeFile(join(folder, 'one'), 'x');
  await Promise.all(Array.from({ length: 5_010 }, (_, i) => symlink('one', join(folder, `link ${i}`))));
  const { walk, skipped } = await walked();
  expect(walk.count).toBe(1);
  expect(skipped.count).toBe(5_010);
  expect(skipped.list()).toHaveLength(5_001);
  expect(skipped.list().at(-1)).toEqual({ path: '…', reason: 'and 10 more were left out' });
});

test('a folder that is gone is skipped', async () => {
  const skipped = new SkippedFiles();
  const walk = new FileWalk(skipped);
  const path = join(folder, 'gone');
  for await (const _ of walk.run([{ path, kind: 'folder', inside: '' }], new AbortController().signal));
  expect(skipped.list()).toEqual([{ path, reason: 'it is gone' }]);
});

test('an abort ends it between two portions', async () => {
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => writeFile(join(folder, `${i}`), 'x')));
  const cancel = new AbortController();
  const walk = new FileWalk(new SkippedFiles());
  await expect(async () => {
    for await (const _ of walk.run([{ path: folder, kind: 'folder', inside: '' }], cancel.signal)) {
      cancel.abort(new Error('enough'));
    }
  }).rejects.toThrow('enough');
  expect(walk.count).toBeLessThan(500);
});
