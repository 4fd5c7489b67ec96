import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedHashes } from '../../../src/actors/transport/ordered-hashes.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';

const chunk = (index: number) => new Uint8Array(1000 + index).fill(index);

test('a file whose chunks came in order, each once, has its id; any other has none', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 12 }), (came) => {
      const hashes = new OrderedHashes();
      for (const index of came) hashes.came('file', index, chunk(index));
      // Once the first chunk comes again, everything before is forgotten.
      const last = came.slice(Math.max(0, came.lastIndexOf(0)));
      const whole = concatBytes(...last.map(chunk));
      const inOrder = last.length === 5 && last.every((index, place) => index === place);
      expect(hashes.take('file', 5)).toBe(inOrder ? toHex(blake3(whole)) : null);
      if (inOrder) expect(hashes.take('file', 5)).toBeNull();
    }),
    { examples: [[[0, 1, 2, 3, 4]], [[2, 0, 1, 2, 3, 4]], [[0, 1, 1, 2, 3, 4]], [[1, 2, 3, 4]], [[]]] },
  );
});

test('many files at a time; of too many, the oldest is given up', () => {
  const hashes = new OrderedHashes();
  for (let index = 0; index < 2; index++)
    for (let file = 0; file < 257; file++) hashes.came(`file ${file}`, index, chunk(index));
  const id = toHex(blake3(concatBytes(chunk(0), chunk(1))));
  expect(hashes.take('file 0', 2)).toBeNull();
  for (let file = 1; file < 257; file++) expect(hashes.take(`file ${file}`, 2)).toBe(id);
});
