import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FolderWatches, type WatchFolder } from '../../../../src/actors/publish/watch/folder-watches.ts';

describe('watches on the folders of a share', () => {
  let folder: string;
  let events: number;
  let watches: FolderWatches;
  const { signal } = new AbortController();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'granary-watches-'));
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    events = 0;
    watches = new FolderWatches(() => void events++);
  });
  afterEach(async () => {
    watches.close();
    await rm(folder, { recursive: true, force: true });
  });

  const root = () => [{ path: folder, kind: 'folder', inside: '' }] as const;
  const heard = async (work: () => Promise<unknown>) => {
    const before = events;
    await work();
    await vi.waitFor(() => expect(events).toBeGreaterThan(before));
  };

  test('a change anywhere is heard: made, written, renamed, removed', async () => {
    await watches.refresh(root(), signal);
    expect(watches.count).toBe(3);
    const path = join(folder, 'a', 'b', 'file');
    await heard(() => writeFile(path, 'one'));
    await heard(() => writeFile(path, 'two'));
    await heard(() => rename(path, join(folder, 'file')));
    await heard(() => rm(join(folder, 'file')));
    await heard(() => mkdir(join(folder, 'new')));
  });

  test('folders come and go; links are not followed', async () => {
    await watches.refresh(root(), signal);
    await mkdir(join(folder, 'c'));
    await rm(join(folder, 'a'), { recursive: true });
    await symlink(tmpdir(), join(folder, 'link'));
    await watches.refresh(root(), signal);
    expect(watches.count).toBe(2);
    await heard(() => writeFile(join(folder, 'c', 'file'), ''));
  });

  test('a place that is gone, and comes back as another folder', async () => {
    await watches.refresh(root(), signal);
    await rename(folder, `${folder}.away`);
    await watches.refresh(root(), signal);
    await rename(`${folder}.away`, folder);
    await watches.refresh(root(), signal);
    await heard(() => writeFile(join(folder, 'a', 'file'), ''));
  });

  test('a file that is a place itself', async () => {
    const path = join(folder, 'single');
    await writeFile(path, 'one');
    await watches.refresh([{ path, kind: 'file', inside: 'single' }], signal);
    expect(watches.count).toBe(1);
    await heard(() => writeFile(path, 'two'));
  });

  test.each([
    ['ENOSPC', /max_user_watches/],
    ['EMFILE', /too many files/],
  ])(
    '%s: what is watched stays so, the limit is told, and it is tried again the next time',
    async (code, text) => {
      let left = 2;
      const scarce: WatchFolder = () => {
        if (left-- <= 0) throw Object.assign(new Error(code), { code });
        return Object.assign(new EventEmitter(), { close() {} }) as never;
      };
      watches = new FolderWatches(() => {}, scarce);
      await watches.refresh(root(), signal);
      expect(watches.count).toBe(2);
      expect(watches.limit).toMatch(text);
      left = 10;
      await watches.refresh(root(), signal);
      expect(watches.count).toBe(3);
      expect(watches.limit).toBeNull();
    },
  );

  test('a watch that fails later is told as a change, and made anew', async () => {
    const made: EventEmitter[] = [];
    const failing: WatchFolder = () => {
      const watch = Object.assign(new EventEmitter(), { close() {} });
      made.push(watch);
      return watch as never;
    };
    watches = new FolderWatches(() => void events++, failing);
    await watches.refresh(root(), signal);
    made[0]!.emit('error', new Error('gone'));
    expect(events).toBe(1);
    expect(watches.count).toBe(2);
    await watches.refresh(root(), signal);
    expect(watches.count).toBe(3);
  });
});
