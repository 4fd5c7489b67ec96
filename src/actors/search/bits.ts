/** One bit for each of `size` numbers, set for those of the list. */
export function bitsOf(numbers: readonly number[], size: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  for (const number of numbers) bits[number >>> 3]! |= 1 << (number & 7);
  return bits;
}

/** Whether the bit of a number is set, the bits beginning at `from`. */
export const bitIn = (bytes: Uint8Array, from: number, number: number): boolean =>
  ((bytes[from + (number >>> 3)]! >>> (number & 7)) & 1) === 1;
