import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WrittenRanges } from '../../../src/actors/transport/written-ranges.ts';

test('every chunk is told once, in as few ranges as there are gaps', () => {
  const chunk = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(chunk, { selector: ([file, index]) => `${file}/${index}` }), (chunks) => {
      const ranges = new WrittenRanges();
      for (const [file, index] of chunks) ranges.add(file, index);
      const told: string[] = [];
      const taken = ranges.take();
      for (let at = 0; at < taken.length; at += 3) {
        const [file, first, count] = taken.slice(at, at + 3) as [number, number, number];
        for (let i = 0; i < count; i++) told.push(`${file}/${first + i}`);
      }
      const wanted = chunks.map(([file, index]) => `${file}/${index}`);
      expect(told.sort()).toEqual(wanted.sort());
      const gaps = chunks.filter(([file, index]) => !wanted.includes(`${file}/${index - 1}`));
      expect(taken).toHaveLength(3 * gaps.length);
      expect(ranges.take()).toEqual([]);
    }),
  );
});
