import { expect, test } from 'vitest';
import { FileWalk, type FoundFile } from '../../../src/actors/publish/file-walk.ts';
import { leaveOutHuge, limitedFiles, tooMany } from '../../../src/actors/publish/share-limits.ts';
import { SkippedFiles } from '../../../src/actors/publish/skipped-files.ts';
import { MAX_LISTED_CHUNKS } from '../../../src/protocol/wire/content.ts';

const CHUNK = 262_144;
const file = (path: string, size: number): FoundFile => ({
  path,
  inside: path,
  size,
  mtimeNs: 0n,
  ctimeNs: 0n,
  inode: 0n,
});

test('what nobody could get is left out, and its size with it', () => {
  const skipped = new SkippedFiles();
  const walk = new FileWalk(skipped);
  walk.files.push(file('/fits', MAX_LISTED_CHUNKS * CHUNK), file('/huge', MAX_LISTED_CHUNKS * CHUNK + 1));
  walk.bytes = walk.files.reduce((sum, { size }) => sum + size, 0);
  leaveOutHuge(walk, skipped);
  expect(walk.files.map(({ path }) => path)).toEqual(['/fits']);
  expect(walk.bytes).toBe(MAX_LISTED_CHUNKS * CHUNK);
  expect(skipped.list()).toEqual([{ path: '/huge', reason: expect.stringContaining('7.53 GiB') }]);
});

test('what nodes of the reference cannot pass on is told', () => {
  const files = [file('/small', 1), file('/passed on', 16_384 * CHUNK), file('/not', 16_384 * CHUNK + 1)];
  expect(limitedFiles(files)).toEqual([{ path: '/not', reason: expect.stringContaining('reference') }]);
});

test('there is an end to what one publish keeps in mind', () => {
  const walk = new FileWalk(new SkippedFiles());
  walk.count = 1_000_000;
  expect(tooMany(walk)).toBeNull();
  walk.count++;
  expect(tooMany(walk)).toMatchObject({ code: 'E_SHARE_TOO_LARGE' });
});
