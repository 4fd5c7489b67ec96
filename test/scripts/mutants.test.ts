import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { patched } from '../../scripts/apply-mutant.ts';
import { MUTANTS } from '../../scripts/mutants-table.ts';

// Whether each mutant dies is for `npm run mutants`, which takes minutes; this says that each still is one.
const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');

test('mutants have names of their own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test.each(MUTANTS)('$name applies, and its test is there', (mutant) => {
  const text = read(mutant.file);
  expect(patched(text, mutant)).not.toBe(text);
  expect(read(mutant.test)).toContain(mutant.only ?? 'test(');
});

test('a text that is gone, or no program that results, fails loudly', () => {
  const mutant = { ...MUTANTS[0]!, find: 'one', replace: 'two' };
  expect(() => patched('nothing of that', mutant)).toThrow('0 times');
  expect(() => patched('one one', mutant)).toThrow('2 times');
  expect(() => patched('one(;', mutant)).toThrow();
});
