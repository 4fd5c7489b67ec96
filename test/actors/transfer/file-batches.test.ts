import { expect, test } from 'vitest';
import { DownloadFile } from '../../../src/actors/transfer/download-file.ts';
import { FileBatches } from '../../../src/actors/transfer/file-batches.ts';

const file = (name: number, size: number): DownloadFile =>
  new DownloadFile({ contentId: String(name), size, chunkListHash: '' } as never, [`${name}`], [`${name}`]);
const filesOf = (...sizes: number[]) => sizes.map((size, i) => file(i, size));

function all(batches: FileBatches): string[][] {
  const taken: string[][] = [];
  for (let batch = batches.take(); batch !== null; batch = batches.take()) {
    taken.push(batch.map(({ contentId }) => contentId));
  }
  return taken;
}

test('small at first, then larger, never above 256 files, every file once and in order', () => {
  const batches = all(new FileBatches(filesOf(...Array.from({ length: 1000 }, () => 10))));
  expect(batches.map(({ length }) => length)).toEqual([16, 32, 64, 128, 256, 256, 248]);
  expect(batches.flat()).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
});

test('a large file ends a batch', () => {
  const MIB = 2 ** 20;
  expect(all(new FileBatches(filesOf(MIB, 70 * MIB, 40 * MIB, 40 * MIB, 1)))).toEqual([
    ['0', '1'],
    ['2', '3'],
    ['4'],
  ]);
  expect(all(new FileBatches(filesOf(Number.MAX_SAFE_INTEGER, 1)))).toEqual([['0'], ['1']]);
  expect(all(new FileBatches([]))).toEqual([]);
});

test('what has to come again comes first; halves find the one that stands in the way', () => {
  const files = filesOf(...Array.from({ length: 20 }, () => 1));
  const batches = new FileBatches(files);
  batches.split(batches.take()!);
  const seen: string[] = [];
  for (let batch = batches.take(); batch !== null; batch = batches.take()) {
    if (batch.length > 1 && batch.some(({ contentId }) => contentId === '5')) batches.split(batch);
    else seen.push(...batch.map(({ contentId }) => contentId));
  }
  expect(seen).toEqual(files.map(({ contentId }) => contentId));
  batches.again([]);
  expect(batches.take()).toBeNull();
});
