/** First and last of each range, in order. */
const UNSAFE: readonly (readonly [number, number])[] = [
  // C0, with tab and newline: one value is one line.
  [0x00, 0x1f],
  // DEL and C1: terminals take 0x9b for an escape sequence.
  [0x7f, 0x9f],
  // Soft hyphen, Arabic letter mark.
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  // Zero-width space; the joiners after it are part of scripts and emoji.
  [0x200b, 0x200b],
  // Marks, line and paragraph separators, embeddings and overrides.
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  // Word joiner, invisible operators, isolates, deprecated format characters.
  [0x2060, 0x206f],
  // Lone surrogates: a pair is one code point above.
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff0, 0xfffb],
  // Musical format characters and tags.
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];

/**
 * Code points of text from elsewhere that are not shown as they are, nor become part of a file's name: control
 * characters, such as reorder or hide others, and lone surrogates. What people write in any script is safe.
 */
export function isUnsafeCharacter(code: number): boolean {
  if (code >= 0x20 && code <= 0x7e) return false;
  return UNSAFE.some(([first, last]) => code >= first && code <= last);
}
