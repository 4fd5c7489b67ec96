import type { Random } from '../../src/supervisor/testing/random.ts';

const ODD = [
  0, 1, 0x17, 0x18, 0x1f, 0x20, 0x3b, 0x40, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xc0, 0xdf, 0xf4, 0xf6, 0xfb, 0xff,
];
const NUMBERS = [0n, 1n, 0x7fffn, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** One change that knows nothing of what the octets mean. */
export function mutateOctets(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.integer(0, input.length);
  const until = Math.min(input.length, at + 1 + Math.floor(random.next() ** 3 * input.length));
  const [before, slice, after] = [input.subarray(0, at), input.subarray(at, until), input.subarray(until)];
  switch (random.integer(0, 9)) {
    case 0:
      return joined(before, [random.integer(0, 255)], input.subarray(Math.min(at + 1, input.length)));
    case 1:
      return joined(
        before,
        [(input[at] ?? 0) ^ (1 << random.integer(0, 7))],
        input.subarray(Math.min(at + 1, input.length)),
      );
    case 2:
      return joined(before, [random.pick(ODD)], input.subarray(at));
    case 3:
      return joined(before, after);
    case 4:
      return joined(before, slice, slice, after);
    case 5:
      return before;
    case 6: {
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(random.pick(NUMBERS));
      const width = random.pick([1, 2, 4, 8]);
      return joined(before, number.subarray(8 - width), input.subarray(Math.min(at + width, input.length)));
    }
    case 7: {
      const other = others.length > 0 ? random.pick(others) : input;
      const from = random.integer(0, other.length);
      return joined(before, other.subarray(from, from + random.integer(1, 64)), after);
    }
    case 8:
      return joined(
        before,
        Uint8Array.from({ length: random.integer(1, 16) }, () => random.integer(0, 255)),
        after,
      );
    default: {
      // Long runs of the same are what shows time that is not linear.
      const times = 2 ** random.integer(1, 12);
      const piece = slice.subarray(0, random.integer(1, 8));
      return joined(before, ...Array<Uint8Array>(times).fill(piece), after);
    }
  }
}

export const joined = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part)))),
  );
