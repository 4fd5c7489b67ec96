import { stripTypeScriptTypes } from 'node:module';
import type { Mutant } from './mutants-table.ts';

/** The text with the one thing wrong. Throws when the text to replace is gone or not alone, and when no program results. */
export function patched(text: string, { name, file, find, replace }: Mutant): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${name}: the text stands ${parts.length - 1} times in ${file}`);
  const result = parts.join(replace);
  stripTypeScriptTypes(result);
  return result;
}
