/** Bit c of word r becomes bit r of word c, of 32 words (Warren, "Hacker's Delight", 7-3). */
export function transpose(words: Int32Array): void {
  exchange(words, 16, 0x0000ffff);
  exchange(words, 8, 0x00ff00ff);
  exchange(words, 4, 0x0f0f0f0f);
  exchange(words, 2, 0x33333333);
  exchange(words, 1, 0x55555555);
}

/** In every square of twice that size the quarters at its upper right and lower left. */
function exchange(words: Int32Array, half: number, mask: number): void {
  for (let from = 0; from < 32; from += 2 * half) {
    for (let low = from; low < from + half; low++) {
      const high = words[low + half]!;
      const other = ((words[low]! >>> half) ^ high) & mask;
      words[low + half] = high ^ other;
      words[low]! ^= other << half;
    }
  }
}
