import { isAbsolute } from 'node:path';
import type { z } from 'zod';

const FORM = /^([\p{L}\p{N}._-]{1,64})=(.+)$/u;

/** Every entry is `NAME=/absolute/folder`, and every name comes once. */
export function categoryFolders({ value, issues }: z.core.ParsePayload<string[]>): void {
  // What is no list of texts has been told already.
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) return;
  const names = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const [, name, folder] = FORM.exec(entry) ?? [];
    const wrong = (message: string) =>
      void issues.push({ code: 'custom', message, path: [index], input: entry });
    if (name === undefined || !isAbsolute(folder!)) wrong('write NAME=/absolute/folder');
    else if (names.has(name)) wrong('this category has a folder already');
    names.add(name ?? '');
  }
}
