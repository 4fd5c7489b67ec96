import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';
import { chunkHashList } from '../../../src/protocol/wire/content.ts';

/** A hash in one of the forms that are read: as it is written, or so that only the lenient way reads it. */
type Form = 'bytes' | 'array' | 'long-integers' | 'indefinite' | 'tagged' | 'surplus';
const FORMS: readonly Form[] = ['bytes', 'array', 'long-integers', 'indefinite', 'tagged', 'surplus'];

function write(w: Writer, hash: Uint8Array, form: Form): void {
  switch (form) {
    case 'bytes':
      w.bytes(hash);
      return;
    case 'array':
      w.byteArray(hash);
      return;
    case 'long-integers':
      w.raw(Uint8Array.of(0x98, 32));
      for (const octet of hash) w.raw(Uint8Array.of(0x19, 0, octet));
      return;
    case 'indefinite':
      w.raw(Uint8Array.of(0x5f, 0x58, 32))
        .raw(hash)
        .raw(Uint8Array.of(0xff));
      return;
    case 'tagged':
      w.raw(Uint8Array.of(0xc5)).bytes(hash);
      return;
    case 'surplus':
      w.bytes(Uint8Array.from([...hash, 1, 2]));
  }
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('hashes are read whatever form each of them has, the fast one or another', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hash, fc.constantFrom(...FORMS)), { maxLength: 20 }),
      hash,
      (hashes, id) => {
        const w = new Writer().map(2).uint(0).bytes(id).uint(1).array(hashes.length);
        for (const [octets, form] of hashes) write(w, octets, form);
        const read = chunkHashList.read(new Reader(w.finish()));
        expect(Buffer.from(read.hashes)).toEqual(Buffer.concat(hashes.map(([octets]) => octets)));
        expect(read.contentId).toEqual(id);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

test('what is cut off is refused, wherever', () => {
  const w = new Writer().map(2).uint(0).bytes(new Uint8Array(32)).uint(1).array(3);
  for (const form of ['array', 'bytes', 'long-integers'] as const)
    write(w, new Uint8Array(32).fill(200), form);
  const octets = w.finish();
  for (let end = 0; end < octets.length; end++) {
    expect(() => chunkHashList.read(new Reader(octets.subarray(0, end)))).toThrow();
  }
});
