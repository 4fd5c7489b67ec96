import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

// Whoever takes the kernel alone reads its names in an editor: each says what it is.
const kernel = resolve(import.meta.dirname, '../../src/supervisor');
const read = (path: string) => readFileSync(join(kernel, path), 'utf8');
const exported = ['index.ts', 'testing/index.ts'].flatMap((index) =>
  [...read(index).matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names]) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  ),
);
const sources = readdirSync(kernel, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'))
  .map(read)
  .join('\n');

test('the kernel exports names', () => {
  expect(exported.length).toBeGreaterThan(60);
});

test.each(exported)('%s is documented where it is declared', (name) => {
  const declared = new RegExp(`\\*/\\nexport (?:async )?(?:interface|class|type|const|function) ${name}\\b`);
  expect(sources).toMatch(declared);
});
