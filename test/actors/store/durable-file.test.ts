import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UNFINISHED, writeFileAtomically, writeFileDurably } from '../../../src/actors/store/durable-file.ts';
import { watchSyncs } from '../watch-syncs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-durable-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['new', null],
  ['old', 'old content'],
])('a %s file: its octets are synced beside it, before it has the name', async (_, before) => {
  const path = join(folder, 'file');
  if (before !== null) await writeFile(path, before);
  const seen: [string[], string | null][] = [];
  using _watch = await watchSyncs(folder, () => {
    const unfinished = readdirSync(folder).filter((name) => name.includes(UNFINISHED));
    const contents = unfinished.map((name) => readFileSync(join(folder, name), 'utf8'));
    seen.push([contents, existsSync(path) ? readFileSync(path, 'utf8') : null]);
  });
  await writeFileAtomically(path, Buffer.from('new content'));
  expect(seen).toEqual([[['new content'], before]]);
  expect(await readFile(path, 'utf8')).toBe('new content');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('and the name itself, when it is to be durable', async () => {
  const path = join(folder, 'file');
  const named: boolean[] = [];
  using _watch = await watchSyncs(folder, () => named.push(existsSync(path)));
  await writeFileDurably(path, Buffer.from('content'));
  expect(named).toEqual([false, true]);
});

test('a write that fails leaves nothing beside it', async () => {
  const path = join(folder, 'gone', 'file');
  await expect(writeFileAtomically(path, Buffer.from('content'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(folder)).toEqual([]);
});
