import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

// SEMANTICS.md promises nothing that no test carries as its name.
const root = resolve(import.meta.dirname, '../..');
const sentences = [
  ...readFileSync(join(root, 'SEMANTICS.md'), 'utf8').matchAll(/^(S\d+\. [\s\S]*?)(?=\n\n)/gm),
].map((match) => match[1]!.replace(/\s+/g, ' '));
const folder = join(root, 'test/supervisor');
const tests = readdirSync(folder)
  .filter((name) => /^semantics.*\.test\.ts$/.test(name))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

test('the sentences are numbered without gaps', () => {
  expect(sentences.length).toBeGreaterThan(30);
  expect(sentences.map((sentence) => sentence.split('.')[0])).toEqual(
    sentences.map((_, index) => `S${index + 1}`),
  );
});

test.each(sentences)('%s', (sentence) => {
  expect(tests).toContain(`test('${sentence}'`);
});

test('no test carries a sentence that is not promised', () => {
  const named = [...tests.matchAll(/^test\('(S\d+\. [^']*)'/gm)].map((match) => match[1]);
  expect(new Set(named)).toEqual(new Set(sentences));
});
