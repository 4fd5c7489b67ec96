import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = resolve(import.meta.dirname, '../../examples/simulated-network/main.ts');

test('the example asks every node once, and tells the same story for the same seed', async () => {
  const run = async (seed: string) => (await promisify(execFile)(process.execPath, [main, seed])).stdout;
  const [first, again, other] = await Promise.all([run('1'), run('1'), run('2')]);
  expect(first).toMatch(/^7\d of 99 answered, \d+ ms median$/m);
  expect(first).toMatch(/E_PEER_UNREACHABLE: 2\d/);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});
