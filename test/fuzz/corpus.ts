import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Inputs that are played every time: those that once broke something, and some that are worth a look. */
export const CORPUS = resolve(import.meta.dirname, 'corpus');

export function corpusOf(target: string): { path: string; input: Uint8Array }[] {
  const folder = join(CORPUS, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ path: join(folder, name), input: new Uint8Array(readFileSync(join(folder, name))) }));
}

/** Keeps an input, named by its hash; the path. */
export function keep(target: string, input: Uint8Array): string {
  const folder = join(CORPUS, target);
  const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, input);
  return path;
}
