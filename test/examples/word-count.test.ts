import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = resolve(import.meta.dirname, '../../examples/word-count/main.ts');

test('the example counts words, loses an actor on the way, and stops cleanly', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^5 files; most frequent words: /m);
  expect(stdout).toMatch(/^counter\/0 died \(crash\) and is back$/m);
  expect(stdout).toMatch(/^4 of 4 slots are free$/m);
  expect(stdout).toMatch(/^stopped cleanly in /m);
});
