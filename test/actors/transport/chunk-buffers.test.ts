import { expect, test } from 'vitest';
import { CHUNK_BUFFER_SIZE, ChunkBuffers, DATA_OFFSET } from '../../../src/actors/transport/chunk-buffers.ts';
import { CHUNK_PREAMBLE_MAX } from '../../../src/protocol/wire/chunk-data.ts';

test('a chunk fits behind any preamble, to be sent or received', () => {
  expect(DATA_OFFSET).toBeGreaterThanOrEqual(CHUNK_PREAMBLE_MAX);
  expect(CHUNK_BUFFER_SIZE).toBe(DATA_OFFSET + 262_144);
});

test('buffers are used again, a bounded number of them; none is kept while memory is short', () => {
  const buffers = new ChunkBuffers();
  const takeAll = (count: number) => Array.from({ length: count }, () => buffers.take());
  const first = takeAll(100);
  for (const buffer of first) buffers.give(buffer);
  const again = takeAll(100);
  expect(again.filter((buffer) => first.includes(buffer))).toHaveLength(64);
  for (const buffer of again) buffers.give(buffer);
  buffers.tighten(true);
  const tight = takeAll(2);
  expect(tight.some((buffer) => again.includes(buffer))).toBe(false);
  buffers.give(tight[0]!);
  expect(buffers.take()).not.toBe(tight[0]);
  buffers.tighten(false);
  buffers.give(tight[1]!);
  expect(buffers.take()).toBe(tight[1]);
});
