import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileLooks } from '../../../src/actors/publish/file-looks.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, lstatSync: vi.fn(fs.lstatSync) };
});

const EXT = 0xef53;
const NFS = 0x6969;

describe.runIf(process.platform === 'linux')('looks at files', () => {
  let root: string;
  let now: number;
  let asked: string[];
  let kind: number;
  let looks: FileLooks;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'granary-looks-'));
    for (const folder of ['one', 'two']) {
      mkdirSync(join(root, folder));
      writeFileSync(join(root, folder, 'file'), folder);
    }
    symlinkSync(join(root, 'one', 'file'), join(root, 'one', 'link'));
    now = 0;
    asked = [];
    kind = EXT;
    looks = new FileLooks({ ...systemClock, now: () => now }, async (folder) => {
      asked.push(folder);
      if (folder.endsWith('nowhere')) throw new Error('ENOENT');
      return kind;
    });
    vi.mocked(lstatSync).mockClear();
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const paths = () => ['one/file', 'one/gone', 'one/link', 'two/file'].map((path) => join(root, path));
  const seen = async () =>
    (await looks.at(paths())).map((stats) => stats && (stats.isSymbolicLink() ? 'link' : Number(stats.size)));
  const inPlace = () => vi.mocked(lstatSync).mock.calls.length;

  test.each([
    ['in place on a local file system', EXT, 4],
    ['on the pool where a look may never end', NFS, 0],
  ])('%s: the same is seen', async (_, type, calls) => {
    kind = type;
    expect(await seen()).toEqual([3, null, 'link', 3]);
    expect(inPlace()).toBe(calls);
  });

  test('each folder is asked for once, and again after ten seconds', async () => {
    await seen();
    await seen();
    expect(asked).toEqual([join(root, 'one'), join(root, 'two')]);
    kind = NFS;
    now += 10_000;
    vi.mocked(lstatSync).mockClear();
    await seen();
    expect(asked).toHaveLength(4);
    expect(inPlace()).toBe(0);
  });

  test('a folder of which nothing is known is left to the pool', async () => {
    expect(await looks.at([join(root, 'nowhere', 'file')])).toEqual([null]);
    expect(inPlace()).toBe(0);
  });

  test('after slow looks the others are left to the pool for a while', async () => {
    for (let slow = 0; slow < 2; slow++) {
      vi.mocked(lstatSync).mockImplementationOnce(() => {
        now += 5;
        return undefined;
      });
    }
    expect(await seen()).toEqual([null, null, 'link', 3]);
    expect(inPlace()).toBe(2);
    now += 10;
    await seen();
    expect(inPlace()).toBe(6);
  });
});
