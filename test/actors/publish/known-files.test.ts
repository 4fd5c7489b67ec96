import { expect, test } from 'vitest';
import type { ShareSource } from '../../../src/actors/content-types.ts';
import { keptOffline, splitByChange } from '../../../src/actors/publish/known-files.ts';

const source = (path: string, change: Partial<ShareSource> = {}): ShareSource => ({
  contentId: 'aa',
  path,
  inside: path.slice(1),
  size: 1,
  mtimeNs: 2n,
  ctimeNs: 3n,
  inode: 4n,
  chunkCount: 1,
  chunkListHash: 'bb',
  hashed: true,
  ...change,
});
const found = (path: string) => ({
  path,
  inside: `now${path}`,
  size: 1,
  mtimeNs: 2n,
  ctimeNs: 3n,
  inode: 4n,
});

test('what looks the same is known, under the path it has now; a lost hash list makes it unknown', () => {
  const { known, changed } = splitByChange(
    [found('/same'), found('/lost'), found('/new'), { ...found('/other'), mtimeNs: 9n }],
    [source('/same'), source('/lost', { hashed: false }), source('/other'), source('/gone')],
  );
  expect(known).toMatchObject([{ inside: 'now/same', chunkListHash: 'bb', source: { path: '/same' } }]);
  expect(changed.map(({ path }) => path)).toEqual(['/lost', '/new', '/other']);
});

test('files below a place that cannot be looked at stay, and nothing beside it does', () => {
  const sources = [
    source('/disk/a'),
    source('/disk/sub/b'),
    source('/disk2/c'),
    source('/disk', { hashed: false }),
  ];
  const kept = keptOffline([{ path: '/disk', inside: '' }], sources);
  expect(kept.map(({ source: { path } }) => path)).toEqual(['/disk/a', '/disk/sub/b', '/disk']);
  expect(keptOffline([], sources)).toEqual([]);
});

test('the path in the share is made from the place where it was not kept', () => {
  const [file] = keptOffline(
    [{ path: '/disk/music', inside: 'records' }],
    [source('/disk/music/live/b', { inside: null })],
  );
  expect(file!.inside).toBe('records/live/b');
});
