import { isUnsafeCharacter } from '../../text/unsafe-character.ts';
import { cutName } from './cut-name.ts';

/** What the place of a download allows. */
export interface PathRules {
  /** Octets that a whole path below the target folder may take. */
  readonly room: number;
  /** Characters that Windows has no names with are replaced as well. */
  readonly windows: boolean;
}

/** Folders above a file. Deeper than anybody's collection, shallow enough for every tool. */
const MAX_DEPTH = 64;
const REPLACEMENT = '_';
const WINDOWS_ONLY = new Set('<>:"|?*');
/** Names of devices on Windows, whatever follows after a dot. */
const DEVICES = new Set([
  'CON',
  'PRN',
  'AUX',
  'NUL',
  'CONIN$',
  'CONOUT$',
  'CLOCK$',
  ...numbered('COM', 'LPT'),
]);

/**
 * Where a file of a manifest goes, as names of folders and of the file itself below the target folder: never none, and
 * none that a file system reads as anything but a name. Manifests are hostile text: separators, `..`, drive letters,
 * device names, trailing dots and spaces, control and bidirectional characters are replaced by `_`; empty and `.` parts
 * drop out; a part that is too long is cut before its extension; of a path that is too long or too deep the outer
 * folders drop out. Ordinary names pass unchanged on every system. The same text gives the same path everywhere but for
 * what `rules` say.
 */
export function safePath(path: string, rules: PathRules): readonly string[] {
  const parts = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => safePart(part, rules.windows));
  if (parts.length === 0) parts.push(REPLACEMENT);
  let from = Math.max(0, parts.length - 1 - MAX_DEPTH);
  let octets = Buffer.byteLength(parts.slice(from).join('/'));
  while (octets > rules.room && from < parts.length - 1) octets -= Buffer.byteLength(parts[from++]!) + 1;
  return parts.slice(from);
}

/** One name: of a file that has no path, or of a folder. Separators in it are no separators. */
export function safePart(name: string, windows: boolean): string {
  let safe = '';
  for (const character of name) {
    const bad =
      character === '/' ||
      character === '\\' ||
      (windows && WINDOWS_ONLY.has(character)) ||
      isUnsafeCharacter(character.codePointAt(0)!);
    safe += bad ? REPLACEMENT : character;
  }
  if (/^[A-Za-z]:/.test(safe)) safe = `${safe[0]}${REPLACEMENT}${safe.slice(2)}`;
  if (isDevice(safe)) safe = REPLACEMENT + safe;
  safe = cutName(safe);
  // Windows drops them, so that the name would mean another one. `.` and `..` end here too.
  if (safe.endsWith('.') || safe.endsWith(' ')) safe = safe.slice(0, -1) + REPLACEMENT;
  return safe === '' ? REPLACEMENT : safe;
}

function isDevice(name: string): boolean {
  const dot = name.indexOf('.');
  const stem = dot < 0 ? name : name.slice(0, dot);
  return DEVICES.has(stem.trimEnd().toUpperCase());
}

function numbered(...stems: string[]): string[] {
  return stems.flatMap((stem) => [...'0123456789¹²³'].map((digit) => stem + digit));
}
