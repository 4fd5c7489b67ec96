import { blake3 } from '../../src/protocol/crypto/blake3.ts';
import { CHUNK_SIZE, chunkCount, chunkHash, chunkListHash } from '../../src/protocol/objects/chunks.ts';
import { asList, asNumber, asObject, asText, type JsonObject, MalformedVectors, toHex } from '../json.ts';
import type { Report, Suite } from '../suite.ts';

/** Hashes of files, of their chunks and of the list of those. */
export const chunkHashing: Suite = {
  name: 'chunk hashing',
  sections: ['from_source.chunk_hashing', 'generated.chunk_hashing'],
  run(section, value, report) {
    if (section === 'from_source.chunk_hashing') {
      const { inputs, expected, derived } = asObject(value, section);
      const content = asText(asObject(inputs, 'inputs').content, 'content');
      check({ ...asObject(derived, 'derived'), ...asObject(expected, 'expected'), content }, 'file', report);
      return;
    }
    asList(value, section).forEach((entry, i) => {
      report.attempt(`file ${i}`, () => check(asObject(entry, section), `file ${i}`, report));
    });
  },
};

function check(entry: JsonObject, name: string, report: Report): void {
  const content = contentOf(asText(entry.content, 'content'));
  const count = chunkCount(content.length);
  const hashes = Array.from({ length: count }, (_, i) =>
    chunkHash(content.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE)),
  );
  report.equal(`${name} content id`, asText(entry.content_id_hex, 'content_id_hex'), toHex(blake3(content)));
  report.equal(`${name} chunks`, String(asNumber(entry.chunk_count, 'chunk_count')), String(count));
  report.equal(`${name} chunk hashes`, expectedHashes(entry).join(), hashes.map(toHex).join());
  const list = asText(entry.chunk_list_hash_hex, 'chunk_list_hash_hex');
  report.equal(`${name} list hash`, list, toHex(chunkListHash(hashes)));
}

/** A list, or one field a chunk. */
function expectedHashes(entry: JsonObject): readonly unknown[] {
  if (Object.hasOwn(entry, 'chunk_hashes_hex')) return asList(entry.chunk_hashes_hex, 'chunk_hashes_hex');
  const named = Object.keys(entry).filter((key) => /^chunk\d+_hash_hex$/.test(key));
  return named.toSorted((a, b) => chunkNumber(a) - chunkNumber(b)).map((key) => entry[key]);
}

function chunkNumber(key: string): number {
  return Number(key.slice('chunk'.length, -'_hash_hex'.length));
}

/** The octets that a text like "5 bytes, byte[i] = (i*131 + 7*0 + floor(i/977)) mod 251" stands for. */
function contentOf(description: string): Uint8Array {
  const parts = /^(\d+) bytes, byte\[i\] = (.+) mod (\d+)$/.exec(description);
  const [, size, term, modulus] = parts ?? [];
  if (size === undefined || term === undefined) throw new MalformedVectors(`content: ${description}`);
  const m = Number(modulus);
  if (term === 'i') return Uint8Array.from({ length: Number(size) }, (_, i) => i % m);
  const factors = /^\(i\*(\d+) \+ (\d+)\*(\d+) \+ floor\(i\/(\d+)\)\)$/.exec(term);
  if (factors === null) throw new MalformedVectors(`content: ${description}`);
  const [a, b, c, d] = factors.slice(1).map(Number) as [number, number, number, number];
  return Uint8Array.from({ length: Number(size) }, (_, i) => (i * a + b * c + Math.floor(i / d)) % m);
}
