/**
 * Whether a path matches a pattern: `*` stands for any characters of one name, `**` for any characters at all, `?` for
 * one. A pattern without `/` is about the last name of the path. Case does not count. Takes time in the product of both
 * lengths at most, whatever the pattern.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const text = pattern.includes('/') ? path : path.slice(path.lastIndexOf('/') + 1);
  return matches([...fold(text)], tokensOf(fold(pattern.replace(/^\/+/, ''))));
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase();

function tokensOf(pattern: string): string[] {
  const tokens: string[] = [];
  for (const character of pattern) {
    if (character === '*' && tokens.at(-1) === '*') tokens[tokens.length - 1] = '**';
    else if (!(character === '*' && tokens.at(-1) === '**')) tokens.push(character);
  }
  return tokens;
}

function matches(text: readonly string[], tokens: readonly string[]): boolean {
  // `reached[i]`: the tokens so far match the first i characters.
  let reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (const token of tokens) {
    const next = new Uint8Array(text.length + 1);
    const many = token === '*' || token === '**';
    if (many) next[0] = reached[0]!;
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!;
      if (many) next[i + 1] = reached[i + 1]! | (token === '**' || character !== '/' ? next[i]! : 0);
      else if (token === character || (token === '?' && character !== '/')) next[i + 1] = reached[i]!;
    }
    reached = next;
  }
  return reached[text.length] === 1;
}
