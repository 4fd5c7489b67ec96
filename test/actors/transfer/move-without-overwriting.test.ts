import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  moveOntoOwn,
  moveWithoutOverwriting,
} from '../../../src/actors/transfer/move-without-overwriting.ts';

describe.each([
  ['with hard links', moveWithoutOverwriting],
  ['without hard links', moveOntoOwn],
])('%s', (_, move) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'granary-move-'));
    await writeFile(join(folder, 'from'), 'new');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('a free name is taken, and the old one is gone', async () => {
    expect(await move(join(folder, 'from'), join(folder, 'to'))).toBe(true);
    expect(await readdir(folder)).toEqual(['to']);
    expect(await readFile(join(folder, 'to'), 'utf8')).toBe('new');
  });

  test.each([
    ['a file', (to: string) => writeFile(to, 'old')],
    ['a folder', (to: string) => mkdir(to)],
    ['a link', (to: string) => symlink('elsewhere', to)],
  ])('a name that is taken by %s stays as it is', async (_, put) => {
    await put(join(folder, 'to'));
    const before = await readdir(folder, { withFileTypes: true });
    expect(await move(join(folder, 'from'), join(folder, 'to'))).toBe(false);
    expect(await readdir(folder, { withFileTypes: true })).toEqual(before);
    expect(await readFile(join(folder, 'from'), 'utf8')).toBe('new');
  });

  test('what cannot be moved leaves no empty file', async () => {
    await expect(move(join(folder, 'gone'), join(folder, 'to'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual(['from']);
    await expect(move(join(folder, 'from'), join(folder, 'no', 'folder'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
