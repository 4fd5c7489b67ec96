/** Octets of a name on the file systems in use. */
const MAX_NAME = 255;
/** A longer end is no extension, but a sentence with a dot in it. */
const MAX_EXTENSION = 32;

/**
 * The name with `suffix` before its extension, cut before that where both do not fit into a name of a file system. Never
 * cuts a character in two.
 */
export function cutName(name: string, suffix = ''): string {
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION;
  const stem = hasExtension ? name.slice(0, dot) : name;
  const end = suffix + (hasExtension ? name.slice(dot) : '');
  return cut(stem, MAX_NAME - Buffer.byteLength(end)) + end;
}

function cut(text: string, octets: number): string {
  if (Buffer.byteLength(text) <= octets) return text;
  let kept = '';
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > octets) break;
    kept += character;
  }
  return kept;
}
