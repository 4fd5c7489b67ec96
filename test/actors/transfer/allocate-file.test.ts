import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allocateFile } from '../../../src/actors/transfer/allocate-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-allocate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

async function allocated(name: string, length: number, signal = never): Promise<boolean> {
  const path = join(folder, name);
  await writeFile(path, '');
  const fd = openSync(path, 'r+');
  try {
    return await allocateFile(fd, path, length, signal);
  } finally {
    closeSync(fd);
  }
}

async function withPath<T>(first: string, work: () => Promise<T>): Promise<T> {
  const { PATH } = process.env;
  process.env.PATH = first;
  try {
    return await work();
  } finally {
    process.env.PATH = PATH;
  }
}

describe.runIf(process.platform === 'linux')('the place of a file on the disk', () => {
  test('is set aside', async () => {
    expect(await allocated('a', 1 << 20)).toBe(true);
    const { size, blocks } = await stat(join(folder, 'a'));
    expect(size).toBe(1 << 20);
    expect(blocks * 512).toBeGreaterThanOrEqual(1 << 20);
  });

  // Not asked of the real disk: it would be full for a moment.
  test('is not there: E_NO_SPACE; other failures only mean that it cannot be had', async () => {
    const says = async (text: string) => {
      const program = `#!/bin/sh\necho "fallocate: fallocate failed: ${text}" >&2\nexit 1\n`;
      await writeFile(join(folder, 'fallocate'), program, { mode: 0o755 });
      return await withPath(folder, () => allocated('b', 1 << 20));
    };
    await expect(says('No space left on device')).rejects.toMatchObject({
      code: 'E_NO_SPACE',
      retryable: true,
    });
    expect(await says('Operation not supported')).toBe(false);
  });

  test('is set aside in the file that is open, whatever lies at its path now', async () => {
    const path = join(folder, 'c');
    await writeFile(path, '');
    const fd = openSync(path, 'r+');
    await rm(path);
    await writeFile(join(folder, 'other'), '');
    await symlink(join(folder, 'other'), path);
    expect(await allocateFile(fd, path, 1 << 20, never)).toBe(true);
    closeSync(fd);
    expect((await stat(join(folder, 'other'))).size).toBe(0);
  });

  test('cannot be had without the program', async () => {
    expect(await withPath(join(folder, 'nowhere'), () => allocated('d', 1 << 20))).toBe(false);
  });

  test('is not waited for once nobody wants it', async () => {
    await expect(allocated('e', 1 << 20, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
