/** One bit for each of `size` numbers, set for those of the list. */
export function bitsOf(numbers: readonly number[], size: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  for (const number of numbers) bits[number >>> 3]! |= 1 << (number & 7);
  return bits;
}

/** The numbers whose bits are set in the octets from `from` to `end`, rising, `max` at most; the first octet's lowest bit is 0. */
export function numbersIn(bytes: Uint8Array, from: number, end: number, max: number): number[] {
  const numbers: number[] = [];
  for (let at = from, first = 0; numbers.length < max && at < end; at++, first += 8) {
    for (let rest = bytes[at]!; rest !== 0 && numbers.length < max; rest &= rest - 1) {
      numbers.push(first + 31 - Math.clz32(rest & -rest));
    }
  }
  return numbers;
}

/** Whether the bit of a number is set, the bits beginning at `from`. */
export const bitIn = (bytes: Uint8Array, from: number, number: number): boolean =>
  ((bytes[from + (number >>> 3)]! >>> (number & 7)) & 1) === 1;
