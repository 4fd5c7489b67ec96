import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkMap } from '../../src/actors/chunk-map.ts';

test('a map behaves like a set of numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -1, max: 101 }))),
      (chunks, steps) => {
        const map = ChunkMap.none(chunks);
        const set = new Set<number>();
        for (const [add, chunk] of steps) {
          const inside = chunk >= 0 && chunk < chunks;
          if (add) expect(map.add(chunk)).toBe(inside && !set.has(chunk));
          else map.delete(chunk);
          if (add && inside) set.add(chunk);
          if (!add) set.delete(chunk);
        }
        expect(map.count).toBe(set.size);
        expect(map.full).toBe(set.size === chunks);
        for (let chunk = 0; chunk < chunks; chunk++) expect(map.has(chunk)).toBe(set.has(chunk));
        expect(map.rest().count).toBe(chunks - set.size);
        const again = ChunkMap.from(chunks, map.octets)!;
        expect(again.count).toBe(set.size);
        expect(again.octets).toEqual(map.octets);
        expect(again.octets).not.toBe(map.octets);
      },
    ),
  );
});

test('octets of another length, or with bits beyond the end, are no map', () => {
  expect(ChunkMap.from(9, new Uint8Array(1))).toBeNull();
  expect(ChunkMap.from(9, new Uint8Array(3))).toBeNull();
  expect(ChunkMap.from(9, Uint8Array.of(255, 1))?.count).toBe(9);
  expect(ChunkMap.from(9, Uint8Array.of(255, 2))).toBeNull();
  expect(ChunkMap.from(8, Uint8Array.of(255))?.full).toBe(true);
  expect(ChunkMap.from(0, new Uint8Array(0))?.full).toBe(true);
});

test('ranges and copies', () => {
  const map = ChunkMap.none(20);
  map.addRange(7, 5);
  const copy = map.copy();
  copy.delete(7);
  expect([map.count, copy.count, map.has(7)]).toEqual([5, 4, true]);
  expect(ChunkMap.all(17).full).toBe(true);
});
