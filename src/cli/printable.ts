import { isUnsafeCharacter } from '../text/unsafe-character.ts';

/**
 * Text from elsewhere, safe to show: control characters, escape sequences, characters that reorder or hide
 * others, and lone surrogates become visible `\u{...}`. What people write in any script passes unchanged.
 */
export function printable(text: string): string {
  let safe = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    safe += isUnsafeCharacter(code) ? `\\u{${code.toString(16)}}` : character;
  }
  return safe;
}
