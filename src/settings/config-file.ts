import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { failure } from '../errors.ts';

/** A value as the file has it, and where. */
export interface FileValue {
  readonly group: string;
  /** Null: the group itself. */
  readonly name: string | null;
  /** Of a group: null when it is the table it should be. */
  readonly value: unknown;
  readonly line: number | null;
}

/** Bytes; a configuration is a page or two. */
const MAX_FILE = 1 << 20;

/**
 * The values of a configuration file, `[]` when an optional one is not there. `E_CONFIG` names line and column of a
 * syntax error.
 */
export async function readConfigFile(path: string, required: boolean): Promise<FileValue[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!required && code === 'ENOENT') return [];
    throw failure('E_CONFIG', `the configuration file cannot be read (${code})`, { subject: path });
  }
  if (text.length > MAX_FILE) throw failure('E_CONFIG', 'the file is far too large', { subject: path });
  return [...valuesOf(parseToml(text, path), text)];
}

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The library's message goes on with a drawing of the place; its first line says what is wrong.
    const what = error.message.split('\n', 1)[0]!;
    const subject = `${path}:${error.line}`;
    throw failure('E_CONFIG', `line ${error.line}, column ${error.column}: ${what}`, { subject });
  }
}

function* valuesOf(document: Record<string, unknown>, text: string): Generator<FileValue> {
  for (const [group, table] of Object.entries(document)) {
    if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date) {
      yield { group, name: null, value: table, line: lineOf(text, group, null) };
      continue;
    }
    yield { group, name: null, value: null, line: lineOf(text, group, null) };
    for (const [name, value] of Object.entries(table)) {
      yield { group, name, value, line: lineOf(text, group, name) };
    }
  }
}

/** Line of a key, from 1: found by reading the file as people write it; null for rarer spellings. */
function lineOf(text: string, group: string, name: string | null): number | null {
  const wanted = name === null ? group : `${group}.${name}`;
  let inside = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const header = /^\[{1,2}([^[\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) inside = header.replaceAll('"', '').trim();
    const key = header === undefined ? keyOf(line) : '';
    const path = [inside, key].filter((part) => part !== '').join('.');
    if (path === wanted || path.startsWith(`${wanted}.`)) return index + 1;
  }
  return null;
}

function keyOf(line: string): string {
  const equals = line.indexOf('=');
  return equals < 0 ? '' : line.slice(0, equals).trim().replaceAll('"', '');
}
